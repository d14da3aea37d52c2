//! Every observable event: one type for all of them, and whoever wants to be told.
//!
//! An [`Observer`] is told of each; [`Upstreams::builder`](crate::Upstreams::builder) takes them. The
//! log is one of them: every event goes to `tracing`, at the level that [`Event::is_alarming`] and the
//! event's weight ask for. Its targets all begin with `seawall`, so that a filter such as
//! `warn,seawall=info` finds it: `seawall::event::log` for events, `seawall::event::span` for
//! [spans](crate::middleware::spans), `seawall::event::credentials` and `seawall::event::foreign` for what no
//! upstream is known of.
//!
//! | event | at | an operator asks |
//! |---|---|---|
//! | [`AttemptStarted`](Event::AttemptStarted) | trace | how many are under way? |
//! | [`AttemptFinished`](Event::AttemptFinished) | debug | is it up, and how fast? |
//! | [`AttemptAbandoned`](Event::AttemptAbandoned) | debug | who gives up, and after how long? |
//! | [`RetryScheduled`](Event::RetryScheduled) | debug | how much of the load is retries? |
//! | [`RetryRefused`](Event::RetryRefused) | info, debug for a final 4xx | why was it not retried? |
//! | [`CallRefused`](Event::CallRefused) | debug | who is turned away, and until when? |
//! | [`GateClosed`](Event::GateClosed) | info, warn beyond 5 minutes | who has closed the gate? |
//! | [`GateLifted`](Event::GateLifted) | info | since when is it open? |
//! | [`ThrottleSlowed`](Event::ThrottleSlowed) | info | how fast may it be called, and who has slowed it? |
//! | [`CircuitChanged`](Event::CircuitChanged) | info, warn when it opens | what state is it in? |
//! | [`OperatorActed`](Event::OperatorActed) | warn | who has intervened, and why? |
//! | [`ControlFileApplied`](Event::ControlFileApplied) | info | has the edit arrived? |
//! | [`ControlFileRefused`](Event::ControlFileRefused) | warn | what is wrong with the edit? |
//! | [`RetryAfterIgnored`](Event::RetryAfterIgnored) | debug | what nonsense does it send? |
//! | [`AuthenticationFailing`](Event::AuthenticationFailing) | warn | does it still know us? |
//! | [`AuthenticationRecovered`](Event::AuthenticationRecovered) | info | since when again? |
//! | [`CredentialRenewed`](Event::CredentialRenewed) | info | when was the key rotated? |
//! | [`CredentialNotRenewed`](Event::CredentialNotRenewed) | warn | why is there no other one? |
//! | [`OverrideInForce`](Event::OverrideInForce) | warn | which safety rule is off, and why? |
//! | [`ConfigurationChanged`](Event::ConfigurationChanged) | info | what was changed under traffic? |
//! | [`ProfileIgnored`](Event::ProfileIgnored) | error | why are no keys honoured? |
//!
//! # Metrics
//!
//! With the feature `metrics`, `seawall::metrics::Metrics` is an observer that records durations, retries,
//! refusals, circuits and budgets with the facade of that name; with `otel`, `seawall::otel::OtelMetrics`
//! does so with OpenTelemetry. The folder `docs` has alert rules for Prometheus that fire within a
//! minute, in both spellings.

mod attempt_end;
pub(crate) mod credentials;
#[cfg(feature = "reqwest")]
pub(crate) mod foreign;
mod log;
#[cfg(any(feature = "metrics", feature = "otel"))]
mod measure;
mod method;
#[cfg(feature = "metrics")]
pub mod metrics;
mod observer;
#[cfg(feature = "otel")]
pub mod otel;
#[cfg(feature = "compat")]
pub(crate) mod setting;
pub(crate) mod span;
mod what;

pub use self::attempt_end::AttemptEnd;
pub use self::observer::Observer;
pub(crate) use self::observer::Observers;
pub use self::what::Event;

#[cfg(test)]
mod tests;

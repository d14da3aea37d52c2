//! A resilient HTTP client, and the tower layers it is made of, to put between a service and the
//! APIs it depends on, above all payment gateways.
//!
//! In November 2025 fourteen services turned a gateway's twenty minutes of maintenance into an hour
//! without payments: three retries each, no backoff, no jitter, `Retry-After` ignored. This crate is
//! built so that a service that uses it cannot do that.
//!
#![cfg_attr(feature = "client", doc = "```no_run")]
#![cfg_attr(not(feature = "client"), doc = "```text")]
//! use seawall::{Client, Policy, Provider};
//!
//! # async fn pay() -> Result<(), seawall::Error> {
//! let client = Client::builder(Policy::external_payments(Provider::generic())).build()?;
//! let response = client.post("https://gateway.example/payments").body("{}").send().await?;
//! println!("{}: {}", response.status(), response.report());
//! # Ok(())
//! # }
//! ```
//!
//! # The stack
//!
//! A request goes down, its response comes up the same line:
//!
//! ```text
//! Client ─ https ─ deadline ─ idempotency ─ retry ─┬─ throttle ─ circuit + gate ─ credentials ─ attempt timeout ─ transport
//!                                           ▲      │                       (each attempt)
//!                                           └ Decision ← policy
//! ```
//!
//! [`RequestBuilder::collect`] puts a [`CollectLayer`] right above the transport: then the response's
//! body is read inside the attempt, and one that breaks off is a failed attempt like any other.
//!
//! Around the call, and around each attempt, there is a [span](middleware::spans) for `tracing`.
//!
//! [`ResilienceLayer`] composes it from a [`Policy`], around any service of HTTP requests and
//! responses; each layer also stands alone. All calls to one upstream share a circuit, a gate, a rate
//! and a budget, through [`Upstreams`].
//!
//! # From the symptom to the answer
//!
//! | you see | look at |
//! |---|---|
//! | a call that was not retried | [`Report::stop_reason`]: every reason is a [`StopReason`] |
//! | a call that was refused | [`Error::refusal`], and [`policy::circuit`] |
//! | calls that wait, or are `throttled` | [`middleware::throttle`], and the event `throttle slowed` |
//! | an order in an unknown state | [`Error::delivery`]: what the server may have done |
//! | "when may I call again?" | [`Report::retry_at`], spread so that a backlog is no wave |
//! | "what is going on?" | [`event`]: everything that happens, for the log and for an [`event::Observer`] |
//! | "where did the time go?" | [`middleware::spans`]: a span for the call, and one for each attempt |
//! | "wake me when it is down" | `docs/alerts`: rules for Prometheus on these [metrics](event#metrics) |
//! | "who keeps the calls away, and until when?" | [`Control::snapshots`]; what an operator can do about it is in [`control`] |
//! | a policy that does not build | [`PolicyError`]: the rule, the value, the fix |
//! | a service that does not start | [`EnvError`]: every variable that is missing or wrong, by name |
//! | 401 or 403 | [`credentials`], and [`event::Event::AuthenticationFailing`] |
//! | an error from a body | [`BodyError`]: broken, stalled or too long |
//! | a gateway that cannot be called from here | [`Client::preflight`]: the step, the problem, the fix |
//! | an error from the network | [`policy::Failure`]: told apart by type, never by text |
//!
//! # Rooms
//!
//! [`policy`] is the brain: pure decisions, in which time and chance are arguments. [`config`] is
//! what you asked for. [`middleware`] are the hands, [`Client`] is the door. [`control`] is for
//! whoever operates it.
//!
//! # Features
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `client` | yes | [`Client`] on hyper-util and rustls with ring; needs a tokio runtime |
//! | `middleware` | with `client` | the layers; needs a tokio runtime with its timer |
//! | `json` | no | `.json()` on requests and responses |
//! | `serde` | no | policies from TOML and JSON, see [`config`]; with `client`, all of a client too, from the environment as well |
//! | `compat` | no | [`compat`]: a drop-in for wrappers in the manner of http-client-go; see `MIGRATING.md` |
//! | `metrics` | no | [`metrics`]: durations, retries, circuits and more for the `metrics` facade |
//! | `otel` | no | [`otel`]: the same for OpenTelemetry |
//! | `tonic` | no | [`adapters::grpc`]: the layers over a tonic `Channel`, for generated clients |
//! | `watch` | no | operators' wishes from a file that is watched, see [`control`]; with `serde` |
//! | `reqwest` | no | `adapters::reqwest`: the layers over a reqwest client, and a middleware for reqwest-middleware |
//! | `testing` | no | a fake payment gateway on real sockets, with faults and a ledger, for your tests |
//!
//! Without any of them the crate is [`policy`] and [`config`] alone: no runtime, no network.
//! Enabling a feature never changes what another one does.

#[cfg(any(feature = "reqwest", feature = "tonic"))]
pub mod adapters;
#[cfg(feature = "middleware")]
pub mod body;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "middleware")]
mod clock;
#[cfg(feature = "compat")]
pub mod compat;
pub mod config;
#[cfg(feature = "middleware")]
pub mod control;
#[cfg(feature = "middleware")]
mod error;
#[cfg(feature = "middleware")]
pub mod event;
mod lane;
#[cfg(feature = "middleware")]
pub mod middleware;
#[cfg(any(feature = "client", feature = "reqwest"))]
mod on_hyper;
pub mod policy;
#[cfg(feature = "middleware")]
mod random;
#[cfg(feature = "middleware")]
mod report;
#[cfg(feature = "middleware")]
mod response_body;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "middleware")]
mod transport_error;
#[cfg(feature = "middleware")]
mod upstream;

pub use config::{Override, Policy, PolicyBuilder, PolicyError, Preset, Rule, Violation};
pub use policy::backoff::{Backoff, Jitter};
pub use policy::idempotency::IdempotencyKey;
pub use policy::{Delivery, Priority, Provider, StopReason};

#[cfg(feature = "client")]
pub use client::{Answer, Client, ClientBuilder, RequestBuilder, Response, preflight};

#[cfg(all(feature = "client", feature = "serde"))]
pub use client::{ClientConfig, EnvError, EnvProblem};

#[cfg(feature = "middleware")]
pub use {
    body::Body,
    control::{Control, ControlError, Snapshot},
    error::{Error, ErrorKind},
    middleware::attempt_timeout::AttemptTimeoutLayer,
    middleware::circuit::CircuitLayer,
    middleware::collect::CollectLayer,
    middleware::credentials::{self, Credential, CredentialError, Credentials, CredentialsLayer},
    middleware::deadline::DeadlineLayer,
    middleware::idempotency::IdempotencyLayer,
    middleware::require_https::RequireHttpsLayer,
    middleware::retry::RetryLayer,
    middleware::spans::{AttemptSpanLayer, CallSpanLayer},
    middleware::throttle::ThrottleLayer,
    middleware::{Deadline, FirstSentAt, RateLimitKey, ResilienceLayer},
    report::Report,
    response_body::{BodyError, Collected},
    transport_error::TransportError,
    upstream::{UpstreamName, Upstreams, UpstreamsBuilder, WeakUpstreams},
};

#[cfg(feature = "metrics")]
pub use event::metrics;
#[cfg(feature = "otel")]
pub use event::otel;

/// An error of any type, as bodies and transports of other crates hand it over.
#[cfg(feature = "middleware")]
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[cfg(all(doctest, feature = "json", feature = "metrics"))]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(all(doctest, feature = "compat", feature = "json", feature = "reqwest"))]
#[doc = include_str!("../MIGRATING.md")]
struct Migrating;

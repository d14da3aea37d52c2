//! The check before a deploy: could calls of this URL work, and if not, at which step do they fail?
//!
//! A wrong URL or a stale credential is better met by a deploy that stops than by the first
//! customer. [`Client::preflight`] goes the way of a call, one [`Step`] at a time, with the client's
//! own resolver, roots, TLS versions and timeouts, over connections of its own:
//!
//! | step | passes if |
//! |---|---|
//! | [`Url`](Step::Url) | the URL and the paths can be called, and the policy allows them |
//! | [`Dns`](Step::Dns) | the host name resolves |
//! | [`Tcp`](Step::Tcp) | one of its addresses, tried in order, takes a connection |
//! | [`Tls`](Step::Tls) | the handshake ends with a certificate that is trusted |
//! | [`Credentials`](Step::Credentials) | a GET with the credentials, given here or the client's own, is answered with 2xx |
//! | [`Health`](Step::Health) | a GET of the health path is answered with 2xx |
//!
//! The first that fails makes the later ones [`Skipped`](Outcome::Skipped): nothing is sent after
//! it, and no credential over a connection that is not trusted. At most two requests are sent, none
//! of them twice, whatever the policy. The circuit, the gate, the budget and the pool neither
//! hold it up nor hear of it: it runs while the circuit is open, and may fail a hundred times
//! without opening it.
//!
//! ```no_run
//! use seawall::{Client, Policy, Provider};
//!
//! # async fn check(token: String) -> Result<(), seawall::Error> {
//! let client = Client::builder(Policy::external_payments(Provider::generic())).build()?;
//! let report = client
//!     .preflight("https://gateway.example/v1/balance")
//!     .credential("authorization", token)
//!     .health_path("/health")
//!     .run()
//!     .await;
//! print!("{report}");
//! assert!(report.is_ok());
//! # Ok(())
//! # }
//! ```
//!
//! `examples/preflight.rs` is that check as a program, with an exit code.
//!
//! [`Client::preflight`]: crate::Client::preflight

mod builder;
mod connect;
mod fault;
#[cfg(feature = "json")]
mod json;
mod judge;
mod line;
mod problem;
mod record;
mod report;
mod requests;
mod step;
mod target;
#[cfg(test)]
mod tests;
mod walk;

pub use self::builder::Preflight;
pub use self::problem::Problem;
pub use self::report::PreflightReport;
pub use self::step::{Outcome, Step, StepReport};

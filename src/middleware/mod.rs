//! The hands: one room for each layer, the same doors in each. They ask [`policy`](crate::policy)
//! and obey.
//!
//! Each layer stands alone on any service of HTTP requests and responses, whatever its body and
//! error. [`ResilienceLayer`] puts them together in the one order that works.

mod admission;
pub mod attempt_timeout;
pub mod circuit;
pub mod collect;
pub mod credentials;
pub mod deadline;
pub(crate) mod extensions;
pub mod idempotency;
mod refusable;
pub mod require_https;
mod resilience;
pub mod retry;
pub mod spans;
#[cfg(test)]
pub(crate) mod testing;
pub mod throttle;
mod timed;
mod verdict;

pub use extensions::{Deadline, FirstSentAt, RateLimitKey};
pub use resilience::{Resilience, ResilienceFuture, ResilienceLayer};

//! The brain: pure decisions. No async, clock, chance, lock or tower.
//!
//! Structs in, enums out; the time, the wall clock and a random unit are arguments. Each room is
//! one question:
//!
//! | room | question |
//! |---|---|
//! | [`classify`] | what was delivered, may it be repeated, was the upstream well? |
//! | [`decide()`] | may this call be sent again, and when? |
//! | [`backoff`] | how long to wait? |
//! | [`retry_after`] | what did the server ask for? |
//! | [`rate_limit`] | what does it say of the quota that is left? |
//! | [`budget`] | are there too many retries already? |
//! | [`circuit`] | may anything be sent to this upstream now, and at what pace? |
//! | [`authentication`] | is the credential refused, is that news, may another be asked for? |
//! | [`idempotency`] | which key makes a repeat harmless, and may it be sent again? |
//! | [`grpc`] | what does an answer of gRPC say, in the terms of HTTP? |
//! | [`Provider`] | what does the provider promise? |

pub mod authentication;
pub mod backoff;
pub mod budget;
pub mod circuit;
pub mod classify;
mod decide;
mod delivery;
mod failure;
pub mod grpc;
mod guarantee;
pub mod idempotency;
mod newest;
mod priority;
mod provider;
pub mod rate_limit;
mod reason;
mod refusal;
pub mod retry_after;
mod stop_reason;
mod striped;
#[cfg(test)]
pub(crate) mod test_clock;
#[cfg(test)]
pub(crate) mod test_threads;
mod window;

pub use classify::{Health, Outcome, Repeat};
pub use decide::{Attempt, Conditions, Decision, PATIENCE, Standing, decide};
pub use delivery::Delivery;
pub use failure::{Failure, Progress};
pub use guarantee::Guarantee;
pub use priority::Priority;
pub(crate) use provider::takes_keys;
pub use provider::{Conflict, Hint, HintHeader, Provider};
pub use reason::Reason;
pub use refusal::Refusal;
pub use stop_reason::StopReason;

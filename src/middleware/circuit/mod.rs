//! Asks the upstream's circuit and gate before each attempt, and tells them how it ended.
//!
//! *Why was this call refused?* The error's [`refusal`](crate::Error::refusal) says; the decision is
//! made in [`policy::circuit`](crate::policy::circuit).

mod admission;
mod admitted;
mod arrival;
mod asking;
mod future;
mod late;
mod layer;
pub(super) mod outcome;
mod service;

pub(super) use self::admitted::Admitted;
pub use self::future::CircuitFuture;
pub(crate) use self::late::LateStatus;
pub use self::layer::CircuitLayer;
pub use self::service::CircuitBreaker;

#[cfg(test)]
mod tests;

//! Sends a call again where that is harmless, useful and affordable.
//!
//! *Why was this call not retried?* The report's [`stop_reason`](crate::Report::stop_reason) says;
//! the decision is made in [`policy::decide()`](crate::policy::decide()).

mod call;
mod conclusion;
mod future;
mod layer;
mod service;
mod spare;

pub use self::future::RetryFuture;
pub use self::layer::RetryLayer;
pub use self::service::Retry;
pub(super) use self::service::copy;

#[cfg(test)]
mod tests;

//! Sends a call again where that is harmless, useful and affordable.
//!
//! *Why was this call not retried?* The report's [`stop_reason`](crate::Report::stop_reason) says;
//! the decision is made in [`policy::decide()`](crate::policy::decide()).

mod call;
mod conclusion;
mod flat_headers;
mod future;
mod kept;
mod layer;
mod service;
mod spare;

pub use self::future::RetryFuture;
pub use self::layer::RetryLayer;
pub use self::service::Retry;

#[cfg(test)]
mod tests;

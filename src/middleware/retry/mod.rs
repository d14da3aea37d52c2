//! Sends a call again where that is harmless, useful and affordable.
//!
//! *Why was this call not retried?* The report's [`stop_reason`](crate::Report::stop_reason) says;
//! the decision is made in [`policy::decide()`](crate::policy::decide()).

mod asked;
mod call;
mod conclusion;
mod flat_head;
mod future;
mod kept;
mod layer;
mod ready;
mod service;
mod spare;
mod spare_buffers;

pub(super) use self::call::{Began, CallLog, Known};
pub(super) use self::conclusion::Conclusion;
pub use self::future::RetryFuture;
pub(super) use self::kept::Kept;
pub use self::layer::RetryLayer;
pub use self::service::Retry;
pub(super) use self::spare::Spare;

#[cfg(test)]
mod tests;

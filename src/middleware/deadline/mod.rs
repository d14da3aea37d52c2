//! Bounds the whole call: attempts, waits and all.
//!
//! The deadline is fixed when the call starts and travels inwards, so that an attempt is never given
//! more time than the call has left, and no wait is begun that it would cut. The layer's own timer
//! only ends what did not end itself.

mod future;
mod layer;
mod service;

pub use self::future::CallDeadlineFuture;
pub use self::layer::DeadlineLayer;
pub use self::service::CallDeadline;

#[cfg(test)]
mod tests;

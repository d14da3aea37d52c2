//! Ends an attempt that takes too long.
//!
//! Mandatory in every policy: hyper's client can lose a request for good when the connection closes
//! at the wrong instant, and only this ends the wait.

mod future;
mod layer;
mod service;

pub use self::future::AttemptTimeoutFuture;
pub(super) use self::future::Limit;
pub use self::layer::AttemptTimeoutLayer;
pub use self::service::AttemptTimeout;

#[cfg(test)]
mod tests;

//! Gives a POST or PATCH its idempotency key, once for the whole call, and refuses one that would not
//! make it harmless.
//!
//! It belongs outside the retry layer, so that every attempt carries the same key.
//!
//! *Why was this key refused?* The error's [`key_refusal`](crate::Error::key_refusal) says; the
//! decisions are made in [`policy::idempotency`](crate::policy::idempotency).

mod future;
mod layer;
mod service;

pub use self::future::IdempotencyFuture;
pub(super) use self::future::KeyInUse;
pub use self::layer::IdempotencyLayer;
pub use self::service::Idempotency;

#[cfg(test)]
mod tests;

//! Gives a POST or PATCH its idempotency key, once for the whole call.
//!
//! It belongs outside the retry layer, so that every attempt carries the same key.

mod layer;
mod service;

pub use self::layer::IdempotencyLayer;
pub use self::service::Idempotency;

#[cfg(test)]
mod tests;

//! Reads the body of each response inside the attempt, so that a body that breaks is a failed
//! attempt like any other: the circuit counts it, and the retry layer may send the call again, for
//! nothing of it has reached the caller.
//!
//! *Why was only a part of the body kept?* [`Collected::error`] says.

mod future;
mod layer;
mod service;

pub use self::future::CollectFuture;
pub use self::layer::CollectLayer;
pub use self::service::Collect;
pub use crate::response_body::{BodyError, Collected};

#[cfg(test)]
mod tests;

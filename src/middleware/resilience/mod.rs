//! The whole stack, in the one order that works, and the short way through it.
//!
//! While nothing is wrong and nothing is limited, no layer has anything to decide before a first
//! attempt is sent. Then that attempt goes express: the same questions, asked of the same rooms, but
//! straight to the transport and without a future for each layer. So does a retry, when its time has come,
//! unless it has to ask or to wait: then the call goes on in the layers, where it would be by then. A call
//! that an open circuit or a closed gate turns away is refused as quickly. Which `way` a call goes is
//! decided when it is made.

mod again;
mod ended;
mod express;
mod future;
mod layer;
mod pass;
mod refused;
mod rest;
mod route;
mod service;
mod under_way;
mod way;

pub use self::future::ResilienceFuture;
pub use self::layer::ResilienceLayer;
pub use self::service::Resilience;

#[cfg(test)]
mod tests;

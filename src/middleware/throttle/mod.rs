//! Keeps within a rate and a number of calls at once: what the upstream was promised, or allows.
//!
//! The rate is the [circuit's](crate::policy::circuit): one pace for each upstream, which a 429 slows
//! and successes bring back. A call that finds no room waits up to five seconds, in a row, within its
//! deadline; else it is refused with the time to come again. When the circuit opens or a gate closes,
//! nobody waits on for a token.
//!
//! *Why was this call refused?* The error's [`refusal`](crate::Error::refusal) says. *Why is it slower
//! than the policy says?* The event [`ThrottleSlowed`](crate::event::Event::ThrottleSlowed) told.

mod admission;
mod body;
mod future;
mod layer;
mod service;

pub use self::body::ThrottledBody;
pub use self::future::ThrottleFuture;
pub use self::layer::ThrottleLayer;
pub use self::service::Throttle;

#[cfg(test)]
mod tests;

//! seawall

#[cfg(feature = "middleware")]
pub mod body;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "middleware")]
mod clock;
pub mod config;
#[cfg(feature = "middleware")]
mod error;
#[cfg(feature = "middleware")]
mod event;
#[cfg(feature = "middleware")]
pub mod middleware;
pub mod policy;
#[cfg(feature = "middleware")]
mod random;
#[cfg(feature = "middleware")]
mod report;
#[cfg(feature = "middleware")]
mod transport_error;
#[cfg(feature = "middleware")]
mod upstream;

pub use config::{Override, Policy, PolicyBuilder, PolicyError, Preset, Provider, Rule, Violation};
pub use policy::backoff::{Backoff, Jitter};
pub use policy::idempotency::IdempotencyKey;
pub use policy::{Delivery, Priority, StopReason};

#[cfg(feature = "client")]
pub use client::{Client, ClientBuilder, RequestBuilder, Response};

#[cfg(feature = "middleware")]
pub use {
    body::Body,
    error::{Error, ErrorKind},
    middleware::attempt_timeout::AttemptTimeoutLayer,
    middleware::circuit::CircuitLayer,
    middleware::deadline::DeadlineLayer,
    middleware::idempotency::IdempotencyLayer,
    middleware::require_https::RequireHttpsLayer,
    middleware::retry::RetryLayer,
    middleware::{Deadline, RateLimitKey, ResilienceLayer},
    report::Report,
    transport_error::TransportError,
    upstream::{UpstreamName, Upstreams},
};

/// An error of any type, as bodies and transports of other crates hand it over.
#[cfg(feature = "middleware")]
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

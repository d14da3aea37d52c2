//! Refuses plain HTTP to a host that is not loopback, before anything is sent.

mod future;
mod layer;
mod service;

pub use self::future::RequireHttpsFuture;
pub use self::layer::RequireHttpsLayer;
pub use self::service::RequireHttps;
pub(crate) use self::service::is_exposed;

#[cfg(test)]
mod tests;

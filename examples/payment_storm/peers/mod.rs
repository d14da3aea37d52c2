//! The clients that the library is compared with.

mod backoff;
mod legacy;
mod peer;

pub(crate) use backoff::BackoffClient;
pub(crate) use legacy::LegacyClient;
pub(crate) use peer::PeerClient;

//! The layers over the clients of other crates.

#[cfg(feature = "tonic")]
pub mod grpc;
#[cfg(feature = "reqwest")]
pub mod reqwest;

//! The layers over the clients of other crates.

pub mod grpc;

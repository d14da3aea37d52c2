//! The sidecar, in front of a fake payment gateway and of upstreams that are played by hand. Real
//! sockets, real time; the program itself where its signals and exit codes matter.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "over real sockets the time is the machine's"
)]

mod admin;
mod headers;
mod keys;
mod payments;
mod shutdown;
mod streams;
mod support;
mod wire;

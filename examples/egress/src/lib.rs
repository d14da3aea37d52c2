//! An egress sidecar: a service in any language sends its requests here instead of to the gateway, and
//! calls it through seawall.
//!
//! Read `proxy.rs` first: from a request to its answer. Around it are decisions without a socket:
//! `target.rs` (where to), `forward.rs` and `hop.rs` (which headers), `passing.rs` (which trailers), `status.rs`, `told.rs` and
//! `problem.rs` (what is said of a call). `serve.rs` is a port, `egress.rs` joins two of them, and
//! `admin/` is the operators'.

mod admin;
mod clock;
mod egress;
pub mod flags;
mod forward;
mod hop;
mod metrics;
mod passing;
mod problem;
mod proxy;
mod serve;
mod settings;
mod status;
mod target;
mod told;
mod upload;
mod wishes;

pub use egress::{Egress, StartError};
pub use settings::{Settings, Source};

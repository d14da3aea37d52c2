//! The stack over a tonic `Channel`, for the clients that tonic generates.
//!
//! ```
//! use seawall::Policy;
//! use seawall::adapters::grpc::GrpcLayer;
//! use tonic::transport::Channel;
//! use tower::Layer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), seawall::Error> {
//! let origin = "https://ledger.example";
//! let layer = GrpcLayer::new(Policy::external(), origin)?
//!     .idempotent(["/ledger.v1.Ledger/Balance"])?;
//! let service = layer.layer(Channel::from_static(origin).connect_lazy());
//! // `LedgerClient::new(service)`, and call it as before.
//! # let _ = service;
//! # Ok(())
//! # }
//! ```
//!
//! - **What may be repeated.** Every call of gRPC is a POST, so that one whose outcome is unknown is
//!   sent once; unless its method was [declared idempotent](GrpcLayer::idempotent), or it carries a key
//!   that the policy's provider honours. A call that provably was not sent is sent again, whatever its
//!   method.
//! - **Statuses** go by [the HTTP status that means the same](crate::policy::grpc::Code::equivalent). A
//!   status that comes as trailers, with no message before, is read within the attempt, if it comes within
//!   100 ms of the head: see [`GrpcLayer::status_wait`]. One that comes later, behind messages or a long
//!   silence, repeats nothing, as the call was answered by then; but the circuit hears of it. So an attempt
//!   is under way until its trailers are read: it counts as a failure if its stream breaks off or ends
//!   without a status, and not at all if its caller drops it before. Its time is that until the head.
//!   Only a probe of the circuit ends with its head, whatever its trailers say: a long stream would keep
//!   all others waiting.
//! - **Time.** A caller's `grpc-timeout` is a [`Deadline`](crate::Deadline); each attempt's own says what
//!   is left. A timeout is always [`Unknown`](crate::Delivery::Unknown), for nobody can tell what a
//!   `Channel` had sent by then.
//! - **Pushback** (`grpc-retry-pushback-ms`, gRFC A6) is obeyed, and closes no gate: it speaks of one call.
//! - **Errors** are `tonic::Status`, and behind each is ours: see [`error_in`]. The
//!   [`Report`](crate::Report) of a call that succeeds is among its response's extensions.
//! - **What a call brings**, such as a [`Priority`](crate::Priority), an
//!   [`IdempotencyKey`](crate::IdempotencyKey) or an [`UpstreamName`](crate::UpstreamName), goes into the
//!   extensions of its `tonic::Request`.
//!
//! A `Channel` repeats nothing by itself. Its own timeout (`Endpoint::timeout`) ends an attempt; a connect
//! timeout (`Endpoint::connect_timeout`) below the policy's attempt timeout turns a host that does not
//! answer from "unknown" into "not sent".

mod body;
mod future;
mod layer;
mod service;
mod status;
#[cfg(test)]
mod tests;
mod transport;

pub use self::body::GrpcBody;
pub use self::future::GrpcFuture;
pub use self::layer::{GrpcLayer, GrpcStack};
pub use self::service::GrpcService;
pub use self::status::error_in;
pub use self::transport::{GrpcTransport, GrpcTransportFuture};

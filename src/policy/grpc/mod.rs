//! What gRPC says in headers: the status of an answer, the server's pushback, the timeout of a request.
//!
//! An answer of gRPC is a success of HTTP, whatever became of the call; its status is a field of its
//! own. [`error_of`] reads it, and [`Code::equivalent`] says which HTTP status means the same: by that,
//! every rule for HTTP holds for gRPC too.

mod code;
mod pushback;
mod timeout;

#[cfg(feature = "tonic")]
pub(crate) use self::code::is_grpc;
#[cfg(feature = "middleware")]
pub(crate) use self::code::stated;
pub use self::code::{Code, error_of};
pub use self::pushback::{Pushback, pushback};
pub use self::timeout::{Timeout, timeout};

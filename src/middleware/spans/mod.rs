//! Spans for [`tracing`]: one around the call, one around each attempt.
//!
//! Their fields have the names of the OpenTelemetry [conventions for HTTP client spans], so that
//! `tracing-opentelemetry` makes what every tracing backend knows: `http.request.method`,
//! `server.address`, `server.port`, `http.response.status_code`, `error.type`, `url.full` (no user, no
//! query), for an unusual method, which is `_OTHER`, `http.request.method_original`, on an attempt that is a retry `http.request.resend_count`, and on the call
//! `seawall.upstream`, `seawall.attempts`, `seawall.delivery` and `seawall.stop_reason`. No header,
//! body or key is in any of them.
//!
//! A 401 that is replayed with another credential stays within its attempt: the replay has no span of its
//! own, and `http.request.resend_count` does not count it.
//!
//! A `traceparent` that is set around the stack arrives on every attempt. A layer around the transport
//! sees the attempt's span as the current one, and can set one that leads to the very attempt.
//!
//! A span that nobody listens to costs a branch and no allocation. The level of both is INFO, the
//! target `seawall::event::span`.
//!
//! [conventions for HTTP client spans]: https://opentelemetry.io/docs/specs/semconv/http/http-spans/

mod attempt;
mod call;
mod future;

pub use self::attempt::{AttemptSpan, AttemptSpanLayer};
pub use self::call::{CallSpan, CallSpanLayer};
pub use self::future::{AttemptSpanFuture, CallSpanFuture};

#[cfg(test)]
mod tests;

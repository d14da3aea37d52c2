//! The ways an attempt can end without a response.

use std::fmt;

use super::Delivery;

/// RFC 9113 section 7: the peer's way of saying "you are sending too much".
const ENHANCE_YOUR_CALM: u32 = 0xb;

/// Why an attempt brought no response.
///
/// The transport names it by the type of the error, never by its text; what it cannot prove is
/// [`Other`](Self::Other), whose delivery is [`Unknown`](Delivery::Unknown).
///
/// ```
/// use seawall::policy::{Delivery, Failure};
///
/// assert_eq!(Failure::Refused.delivery(), Delivery::NotSent);
/// assert_eq!(Failure::Reset.delivery(), Delivery::Unknown);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The host name did not resolve.
    Dns,
    /// The connection was refused.
    Refused,
    /// No connection within the connect timeout, which covers DNS, TCP and TLS.
    ConnectTimeout,
    /// No connection for another reason, such as an unreachable network.
    Connect,
    /// The TLS handshake broke.
    Tls,
    /// The peer's certificate, or its name, is not trusted. Repeating cannot help.
    Certificate,
    /// The request was handed back unsent: a pooled connection that had closed, HTTP/2
    /// `REFUSED_STREAM`, or a stream above GOAWAY's last stream id (RFC 9113 sections 6.8, 8.7).
    Unsent,
    /// The attempt timeout ran out.
    AttemptTimeout(Progress),
    /// The call's deadline ran out.
    Deadline(Progress),
    /// The connection broke after the first byte of the request was written.
    Reset,
    /// The connection ended before the response head was whole.
    Incomplete,
    /// What came back is not HTTP.
    Malformed,
    /// HTTP/2: the stream was reset with this error code (RFC 9113 section 7).
    Stream(u32),
    /// The head came, then the body broke off or stalled, where the attempt was to read all of it.
    BrokenBody,
    /// The head came, with a body longer than the limit. Repeating cannot help.
    OversizedBody {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The request's own body failed while it was sent: its stream gave an error, or was not as
    /// long as was announced. That says nothing about the upstream.
    RequestBody,
    /// The request cannot be sent as it stands: its URL, a header, or its body's own error before
    /// a byte was written. Repeating cannot help.
    InvalidRequest,
    /// Anything else. Nothing is known of what the server did.
    Other,
}

/// How far a request had come when its time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Progress {
    /// Proven: nothing of it was written, and nothing will be.
    Unsent,
    /// Some of it may have been written.
    MaybeSent,
}

impl Failure {
    /// What the server may have done with the request.
    #[must_use]
    pub const fn delivery(self) -> Delivery {
        match self {
            Self::Dns
            | Self::Refused
            | Self::ConnectTimeout
            | Self::Connect
            | Self::Tls
            | Self::Certificate
            | Self::Unsent
            | Self::InvalidRequest
            | Self::AttemptTimeout(Progress::Unsent)
            | Self::Deadline(Progress::Unsent) => Delivery::NotSent,
            Self::AttemptTimeout(Progress::MaybeSent)
            | Self::Deadline(Progress::MaybeSent)
            | Self::Reset
            | Self::Incomplete
            | Self::Malformed
            | Self::Stream(_)
            // Answered, but nobody knows with what.
            | Self::BrokenBody
            | Self::OversizedBody { .. }
            // The head, and a part of the body, may be enough for a server to act on.
            | Self::RequestBody
            | Self::Other => Delivery::Unknown,
        }
    }

    /// Whether the same request would fail again, however often it is sent.
    #[must_use]
    pub const fn is_permanent(self) -> bool {
        matches!(
            self,
            Self::Certificate
                | Self::InvalidRequest
                | Self::OversizedBody { .. }
                | Self::Stream(ENHANCE_YOUR_CALM)
        )
    }

    /// Whether time ran out on this side.
    #[must_use]
    pub const fn is_timeout(self) -> bool {
        matches!(
            self,
            Self::AttemptTimeout(_) | Self::Deadline(_) | Self::ConnectTimeout
        )
    }

    /// Whether no connection came about.
    #[must_use]
    pub const fn is_connect(self) -> bool {
        matches!(
            self,
            Self::Dns
                | Self::Refused
                | Self::ConnectTimeout
                | Self::Connect
                | Self::Tls
                | Self::Certificate
        )
    }

    /// Whether a response came, but not its body.
    #[must_use]
    pub const fn is_body(self) -> bool {
        matches!(self, Self::BrokenBody | Self::OversizedBody { .. })
    }

    /// The stable name, as it appears in reports and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::ConnectTimeout => "connect_timeout",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Certificate => "certificate",
            Self::Unsent => "unsent",
            Self::AttemptTimeout(_) => "attempt_timeout",
            Self::Deadline(_) => "deadline",
            Self::Reset => "reset",
            Self::Incomplete => "incomplete",
            Self::Malformed => "malformed",
            Self::Stream(_) => "stream_reset",
            Self::BrokenBody => "broken_body",
            Self::OversizedBody { .. } => "oversized_body",
            Self::RequestBody => "request_body",
            Self::InvalidRequest => "invalid_request",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "the host name did not resolve",
            Self::Refused => "the connection was refused",
            Self::ConnectTimeout => "no connection within the connect timeout",
            Self::Connect => "no connection could be made",
            Self::Tls => "the TLS handshake failed",
            Self::Certificate => "the server's certificate is not trusted",
            Self::Unsent => "the connection closed before the request was written",
            Self::AttemptTimeout(_) => "no answer within the attempt timeout",
            Self::Deadline(_) => "no answer within the deadline",
            Self::Reset => "the connection broke after the request was written",
            Self::Incomplete => "the connection ended before the answer was whole",
            Self::Malformed => "the answer is not valid HTTP",
            Self::Stream(code) => {
                return write!(f, "the HTTP/2 stream was reset with code {code:#x}");
            }
            Self::BrokenBody => "the response body broke off",
            Self::OversizedBody { limit } => {
                return write!(
                    f,
                    "the response body is longer than the limit of {limit} bytes: raise the limit, \
                     or read the body as a stream"
                );
            }
            Self::RequestBody => "the request's body failed while it was sent",
            Self::InvalidRequest => "the request is not valid and was not sent",
            Self::Other => "the transport failed",
        })
    }
}

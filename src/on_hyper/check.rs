//! What is wrong with a request, before anything of it is sent.

use std::fmt;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Uri, Version};
use http_body::{Body, SizeHint};

/// What the pool would refuse without a type to tell it by, or, worse, would accept.
pub(crate) fn check<B: Body>(request: &Request<B>) -> Result<(), InvalidRequest> {
    if !matches!(request.version(), Version::HTTP_11 | Version::HTTP_2) {
        return Err(InvalidRequest::Version(request.version()));
    }
    if !matches!(request.uri().scheme_str(), Some("http" | "https")) {
        return Err(InvalidRequest::Scheme);
    }
    check_authority(request.uri())?;
    let size = request.body().size_hint();
    check_framing(request.headers(), &size)?;
    let is_sized = || size.exact().or_else(|| stated_length(request.headers()));
    check_content(request.method(), request.body(), || is_sized().is_some())
}

/// The connection says where the body ends. A header that says otherwise cuts the request short, or
/// has its rest read as another request (RFC 9112 section 11.2).
fn check_framing(headers: &HeaderMap, size: &SizeHint) -> Result<(), InvalidRequest> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Err(InvalidRequest::TransferEncoding);
    }
    let mut stated = headers.get_all(CONTENT_LENGTH).iter();
    let Some(first) = stated.next() else {
        return Ok(());
    };
    let length = digits(first.as_bytes());
    match (length, size.exact()) {
        _ if stated.next().is_some() => Err(InvalidRequest::ContentLength),
        (None, _) => Err(InvalidRequest::ContentLength),
        (Some(length), Some(size)) if length != size => Err(InvalidRequest::ContentLength),
        // A stream of unknown size is held to it while it is sent.
        _ => Ok(()),
    }
}

/// The length that a `content-length` header states.
pub(crate) fn stated_length(headers: &HeaderMap) -> Option<u64> {
    digits(headers.get(CONTENT_LENGTH)?.as_bytes())
}

/// Not left to the integer parser alone: it takes a plus sign.
fn digits(value: &[u8]) -> Option<u64> {
    let is_digits = value.iter().all(u8::is_ascii_digit);
    is_digits
        .then(|| std::str::from_utf8(value).ok()?.parse().ok())
        .flatten()
}

/// RFC 9110 sections 9.3.6 and 9.3.8: such a request has no content.
fn check_content<B: Body>(
    method: &Method,
    body: &B,
    is_sized: impl Fn() -> bool,
) -> Result<(), InvalidRequest> {
    if body.is_end_stream() {
        return Ok(());
    }
    match *method {
        Method::TRACE | Method::CONNECT => Err(InvalidRequest::Content),
        // Over HTTP/1.1 the connection would send the head, and leave out the body.
        Method::GET | Method::HEAD if !is_sized() => Err(InvalidRequest::Unsized),
        _ => Ok(()),
    }
}

pub(crate) fn check_authority(uri: &Uri) -> Result<(), InvalidRequest> {
    let Some(authority) = uri.authority() else {
        return Err(InvalidRequest::Host);
    };
    let (text, host) = (authority.as_str(), authority.host());
    if text.as_bytes().contains(&b'@') {
        return Err(InvalidRequest::UserInfo);
    }
    if host.is_empty() {
        return Err(InvalidRequest::Host);
    }
    if !is_port(text.strip_prefix(host).unwrap_or_default()) {
        return Err(InvalidRequest::Port);
    }
    Ok(())
}

/// What follows the host: nothing, or a colon and the port. Whatever else stands there is read as no port,
/// and the request would go to the scheme's own.
fn is_port(rest: &str) -> bool {
    let number = rest.strip_prefix(':');
    rest.is_empty() || number.is_some_and(|port| port.is_empty() || port.parse::<u16>().is_ok())
}

/// Why a request is not sent at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidRequest {
    Version(Version),
    Scheme,
    Host,
    UserInfo,
    Port,
    TransferEncoding,
    ContentLength,
    Content,
    Unsized,
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version(version) => {
                return write!(
                    f,
                    "the request asks for {version:?}: use HTTP/1.1 or HTTP/2"
                );
            }
            Self::Scheme => "the URL has no scheme that can be sent to: use http or https",
            Self::Host => "the URL has no host: use an absolute URL",
            Self::UserInfo => "the URL holds a user name: send it in an Authorization header",
            Self::Port => "the URL's port is not valid: use a number from 1 to 65535",
            Self::TransferEncoding => {
                "the request has a Transfer-Encoding header, which is the connection's to set: \
                 leave it out"
            }
            Self::ContentLength => {
                "the request's Content-Length is not the length of its body: leave it out, it is \
                 set from the body"
            }
            Self::Unsized => {
                "the body of a GET or HEAD is a stream of unknown length: state its Content-Length, \
                 or send it as bytes"
            }
            Self::Content => "TRACE and CONNECT have no content: leave the body out",
        })
    }
}

impl std::error::Error for InvalidRequest {}

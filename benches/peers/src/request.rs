//! The payment that everybody sends: eight headers and 64 bytes.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;

pub type Body = Full<Bytes>;

pub const URL: &str = "https://gateway.example/payments";

const HEADERS: [&str; 8] = [
    "accept",
    "accept-encoding",
    "authorization",
    "content-type",
    "traceparent",
    "user-agent",
    "x-request-id",
    "x-tenant",
];

/// A request as an application has just built it: each value owns its bytes, and has shared them with
/// nobody yet.
///
/// # Panics
///
/// If the constants above are no request.
#[must_use]
pub fn fresh(method: &Method) -> Request<Body> {
    fresh_to(method, URL)
}

/// The same to another address.
///
/// # Panics
///
/// If that is no URL.
#[must_use]
pub fn fresh_to(method: &Method, url: &str) -> Request<Body> {
    let mut request = Request::new(Full::new(Bytes::copy_from_slice(&[b'x'; 64])));
    *request.method_mut() = method.clone();
    *request.uri_mut() = Uri::try_from(url).expect("a valid URL");
    for name in HEADERS {
        let value = HeaderValue::from_bytes(b"a-value-of-some-length").expect("visible characters");
        let name = HeaderName::from_static(name);
        request.headers_mut().insert(name, value);
    }
    request
}

/// A request to clone calls from: its bytes are shared already, so that a clone only counts.
#[must_use]
pub fn template(method: &Method) -> Request<Body> {
    template_to(method, URL)
}

/// The same to another address.
#[must_use]
pub fn template_to(method: &Method, url: &str) -> Request<Body> {
    let request = fresh_to(method, url);
    drop(request.clone());
    request
}

//! A request of the old kind.

use std::fmt;

use http::{HeaderMap, Method};

use crate::client::{RequestBuilder, redacted};
use crate::{Body, Client, Error, IdempotencyKey};

/// A request for [`HttpClient::do_request`](super::HttpClient::do_request), which also says what is
/// wrong with it.
///
/// ```
/// use seawall::IdempotencyKey;
/// use seawall::compat::Request;
///
/// let key = IdempotencyKey::for_operation("shop", "charge", "order-17/attempt-1");
/// let charge = Request::post("https://gateway.example/payments")
///     .header("content-type", "application/json")
///     .body(r#"{"amount":1000}"#)
///     .idempotency_key(&key);
/// ```
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Result<Body, Error>,
    is_json: bool,
    key: Option<IdempotencyKey>,
}

impl Request {
    /// A request of any method. The URL is absolute, or relative to the client's base URL.
    pub fn new(method: Method, url: impl AsRef<str>) -> Self {
        Self {
            method,
            url: url.as_ref().to_owned(),
            headers: Vec::new(),
            body: Ok(Body::empty()),
            is_json: false,
            key: None,
        }
    }

    /// A GET of this URL.
    pub fn get(url: impl AsRef<str>) -> Self {
        Self::new(Method::GET, url)
    }

    /// A POST to this URL.
    pub fn post(url: impl AsRef<str>) -> Self {
        Self::new(Method::POST, url)
    }

    /// Sets a header; an earlier one of that name, and the client's default, is replaced.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body: text, bytes, or a [stream](Body::stream).
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = Ok(body.into());
        self.is_json = false;
        self
    }

    /// A JSON body, and the content type for it.
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(mut self, value: &T) -> Self {
        self.body = crate::client::to_json(value).map(Body::from);
        self.is_json = true;
        self
    }

    /// The idempotency key: the same for every attempt of one payment, after a restart too. See
    /// [`IdempotencyKey::for_operation`].
    pub fn idempotency_key(mut self, key: &IdempotencyKey) -> Self {
        self.key = Some(key.clone());
        self
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The same for the real client, on top of these headers.
    pub(super) fn onto(
        self,
        client: &Client,
        url: &str,
        defaults: HeaderMap,
    ) -> Result<RequestBuilder, Error> {
        let mut builder = client
            .request(self.method, url)
            .headers(defaults)
            .body(self.body?);
        if self.is_json {
            builder = builder.header("content-type", "application/json");
        }
        for (name, value) in self.headers {
            builder = builder.header(name, value);
        }
        Ok(match self.key {
            Some(key) => builder.idempotency_key(&key),
            None => builder,
        })
    }
}

impl fmt::Debug for Request {
    /// Method and URL; no query, no header, no body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, redacted(&self.url))
    }
}

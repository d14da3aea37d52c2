//! A request in the making.

use std::fmt;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

use super::{Answer, Client, Response};
use crate::on_hyper::check::check_authority;
use crate::{Body, Deadline, Error, FirstSentAt, IdempotencyKey, Priority, UpstreamName, clock};

/// A request in the making. What is wrong with it is said by [`send`](Self::send), before anything
/// is sent.
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    client: Client,
    request: Result<Request<Body>, Error>,
}

impl RequestBuilder {
    pub(super) fn new(client: Client, method: Method, url: &str) -> Self {
        let request = parse(url).map(|uri| {
            let mut request = Request::new(Body::empty());
            *request.method_mut() = method;
            *request.uri_mut() = uri;
            request
        });
        Self { client, request }
    }

    /// Sets a header; an earlier one of that name is replaced.
    pub fn header<V>(self, name: impl AsRef<str>, value: V) -> Self
    where
        V: TryInto<HeaderValue>,
    {
        self.with(|request| {
            let name = name.as_ref();
            let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
                let fix = "use letters, digits and hyphens";
                return Err(Error::config(format!(
                    "the header name {name:?} is not valid: {fix}"
                )));
            };
            // The value may be a credential, so it is not shown.
            let Ok(value) = value.try_into() else {
                let fix = "use visible ASCII characters, spaces and tabs";
                return Err(Error::config(format!(
                    "the value of header `{header}` is not valid: {fix}"
                )));
            };
            request.headers_mut().insert(header, value);
            Ok(())
        })
    }

    /// Sets all of these headers; earlier ones of their names are replaced.
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.with(|request| {
            request.headers_mut().extend(headers);
            Ok(())
        })
    }

    /// The body. Bytes are sent again on a retry; a [stream](Body::stream) is if it fits into its
    /// limit, 64 KiB unless [you say otherwise](Body::stream_with_limit).
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.with(|request| {
            *request.body_mut() = body.into();
            Ok(())
        })
    }

    /// A JSON body, and the content type for it.
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(self, value: &T) -> Self {
        self.with(|request| {
            *request.body_mut() = to_json(value)?.into();
            let json = HeaderValue::from_static("application/json");
            request
                .headers_mut()
                .entry(http::header::CONTENT_TYPE)
                .or_insert(json);
            Ok(())
        })
    }

    /// The idempotency key, written as the policy's provider wants it. The same key is sent on every
    /// attempt, and again by you after a restart.
    pub fn idempotency_key(self, key: &IdempotencyKey) -> Self {
        self.extension(key.clone())
    }

    /// When that key was sent for the first time, by the wall clock: for a key that was stored and is
    /// sent again after a restart. See [`FirstSentAt`].
    pub fn first_sent_at(self, at: SystemTime) -> Self {
        self.extension(FirstSentAt::new(at))
    }

    /// Whether somebody waits for the answer.
    pub fn priority(self, priority: Priority) -> Self {
        self.extension(priority)
    }

    /// A deadline for this call, from now. The tighter of it and the policy's holds.
    pub fn deadline(self, deadline: Duration) -> Self {
        self.extension(Deadline::at(clock::after(clock::now(), deadline)))
    }

    /// A finer name for the upstream: a circuit, a gate and a budget of its own.
    pub fn upstream(self, name: &str) -> Self {
        self.extension(UpstreamName::new(name))
    }

    /// Anything else that travels with the request.
    pub fn extension<T: Clone + Send + Sync + 'static>(self, extension: T) -> Self {
        self.with(|request| {
            request.extensions_mut().insert(extension);
            Ok(())
        })
    }

    /// Sends it, and again as the policy allows.
    ///
    /// A status of any kind is a response, also a 503 whose retries are used up: its
    /// [report](Response::report) says why and when to come again.
    ///
    /// # Errors
    ///
    /// An [`Error`] if the request is not valid, was refused here, or brought no response head.
    pub async fn send(self) -> Result<Response, Error> {
        let (client, request) = self.ready()?;
        client.execute(request).await
    }

    /// Sends it, and again as the policy allows, and reads the whole body inside the call.
    ///
    /// A body that breaks off has reached nobody. After a success (2xx) it is the end of an attempt
    /// as a lost connection is: sent again where that is harmless, else an error whose delivery is
    /// [`Unknown`](crate::Delivery::Unknown). Of any other answer the head counts, and it comes back
    /// without its body.
    ///
    /// Attempt timeout and deadline cover the body too. For one that is long or slow, use
    /// [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); and a [`Body`](crate::ErrorKind::Body) error if the body was lost,
    /// or is longer than the client's
    /// [`response_body_limit`](crate::ClientBuilder::response_body_limit).
    ///
    /// ```no_run
    /// use seawall::{Client, Policy, Provider};
    ///
    /// # async fn pay() -> Result<(), seawall::Error> {
    /// let client = Client::builder(Policy::external_payments(Provider::generic())).build()?;
    /// let answer = client.get("https://gateway.example/payments/17").collect().await?;
    /// println!("{}: {}", answer.status(), answer.text()?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn collect(self) -> Result<Answer, Error> {
        let (client, request) = self.ready()?;
        client.collect(request).await
    }

    fn ready(self) -> Result<(Client, Request<Body>), Error> {
        let payments = self.client.policy().is_for_payments();
        match self.request {
            Ok(request) => Ok((self.client, request)),
            Err(error) => Err(error.for_payments(payments)),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Request<Body>) -> Result<(), Error>) -> Self {
        if let Ok(request) = &mut self.request
            && let Err(error) = change(request)
        {
            self.request = Err(error);
        }
        self
    }
}

impl fmt::Debug for RequestBuilder {
    /// Method and path; no query, no header, no body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.request {
            Ok(request) => write!(f, "{} {}", request.method(), request.uri().path()),
            Err(error) => fmt::Debug::fmt(error, f),
        }
    }
}

/// The bytes of a JSON body.
#[cfg(feature = "json")]
pub(crate) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    // Without the serializer's text, which may quote the value.
    serde_json::to_vec(value).map_err(|_| {
        let fix = "use maps with text keys, and values that serialize without an error";
        Error::config(format!("the body cannot be written as JSON: {fix}"))
    })
}

pub(super) fn parse(url: &str) -> Result<Uri, Error> {
    let wrong = |problem: &dyn fmt::Display| {
        let shown = redacted(url);
        Error::config(format!(
            "the URL `{shown}` cannot be called ({problem}): write it as `https://host/path`"
        ))
    };
    let uri: Uri = url
        .parse()
        .map_err(|error: http::uri::InvalidUri| wrong(&error))?;
    match uri.scheme_str() {
        Some("http" | "https") => match check_authority(&uri) {
            Ok(()) => Ok(uri),
            Err(invalid) => Err(wrong(&invalid)),
        },
        Some(_) => Err(wrong(&"its scheme is neither http nor https")),
        None => Err(wrong(&"it has no scheme")),
    }
}

/// A URL for people: without its query, its fragment and any user name.
pub(crate) fn redacted(url: &str) -> String {
    let (scheme, rest) = match url.find("://") {
        Some(end) => url.split_at(end + 3),
        None => ("", url),
    };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A password may hold any of those: then nobody can tell where it ends.
    if rest[authority..].contains('@') {
        return format!("{scheme}…");
    }
    let rest = rest.rfind('@').map_or(rest, |at| &rest[at + 1..]);
    let bare = rest.split(['?', '#']).next().unwrap_or_default();
    if !scheme.is_empty() && !has_numeric_port(bare) {
        return format!("{scheme}…");
    }
    format!("{scheme}{bare}")
}

/// What stands in the place of a port, and is none, may be a password whose host was forgotten.
fn has_numeric_port(bare: &str) -> bool {
    let authority = bare.split('/').next().unwrap_or_default();
    let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
    // The last colon of an IPv6 address without a port lies within its brackets.
    port.ends_with(']') || port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_is_shown_holds_no_secret() {
        assert_eq!(
            redacted("https://a.example/b?key=s3cret"),
            "https://a.example/b"
        );
        assert_eq!(redacted("https://me:s3cret/b"), "https://…");
        for shown in ["https://a.example:8443/b:c", "https://[::1]/b", "a:b"] {
            assert_eq!(redacted(shown), shown);
        }
        assert_eq!(
            redacted("https://user:s3cret@a.example/b"),
            "https://a.example/b"
        );
        assert_eq!(redacted("user:s3cret@a.example/b"), "a.example/b");
        assert_eq!(redacted("https://user:s3?cret@a.example/b"), "https://…");
        assert_eq!(redacted("https://user:s3/cret@a.example/b"), "https://…");
        assert_eq!(redacted("https://a.example/b?to=s3cret@c"), "https://…");
        assert_eq!(
            redacted("https://a.example/b#s3cret"),
            "https://a.example/b"
        );
    }

    #[test]
    fn a_wrong_url_is_named_with_its_fix() {
        let error = parse("gateway.example/payments?key=s3cret").unwrap_err();
        assert!(error.is_config() && error.to_string().contains("`gateway.example/payments`"));
        assert!(error.to_string().contains("https://") && !error.to_string().contains("s3cret"));
        assert!(parse("ftp://gateway.example/").unwrap_err().is_config());
        assert!(parse("https://[::1/").unwrap_err().is_config());
        assert!(parse("https://gateway.example/payments").is_ok());
    }
}

//! A preflight in the making.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::fault::Fault;
use super::walk::walk;
use super::{PreflightReport, Problem};
use crate::Client;
use crate::client::request::redacted;

/// A preflight in the making; [`Client::preflight`](crate::Client::preflight) makes one. What is
/// wrong with it is said by the report.
#[derive(Clone)]
#[must_use = "a preflight does nothing until it is run"]
pub struct Preflight {
    pub(super) client: Client,
    pub(super) url: String,
    pub(super) health_path: Option<String>,
    pub(super) credentials_path: Option<String>,
    pub(super) headers: Result<HeaderMap, Fault>,
    pub(super) brings_credentials: bool,
    pub(super) timeout: Option<Duration>,
}

impl Preflight {
    pub(in crate::client) fn new(client: Client, url: &str) -> Self {
        Self {
            client,
            url: url.to_owned(),
            health_path: None,
            credentials_path: None,
            headers: Ok(HeaderMap::new()),
            brings_credentials: false,
            timeout: None,
        }
    }

    /// A path, from its `/` on, that answers a GET with 2xx while the upstream is well. Without one,
    /// health is not checked.
    pub fn health_path(mut self, path: impl Into<String>) -> Self {
        self.health_path = Some(path.into());
        self
    }

    /// A path, from its `/` on, that answers a GET with 2xx only to these credentials: a balance,
    /// an account. By default the URL's own path, or the health path if the URL has none; one
    /// request then serves both steps.
    pub fn credentials_path(mut self, path: impl Into<String>) -> Self {
        self.credentials_path = Some(path.into());
        self
    }

    /// A header of both requests, such as the version of an API.
    pub fn header<V>(mut self, name: impl AsRef<str>, value: V) -> Self
    where
        V: TryInto<HeaderValue>,
    {
        if let Ok(headers) = &mut self.headers
            && let Err(fault) = insert(headers, name.as_ref(), value)
        {
            self.headers = Err(fault);
        }
        self
    }

    /// A header that is a credential, to be tried: 401, 403 or 407 fail the step
    /// [`Credentials`](super::Step::Credentials). Both requests carry it, and no text ever shows it.
    ///
    /// Without one, the client's own for that origin is tried, as its source has it now: one that is
    /// refused is not replaced here, as a call would do it. If there is none either, credentials are
    /// not checked.
    pub fn credential<V>(mut self, name: impl AsRef<str>, value: V) -> Self
    where
        V: TryInto<HeaderValue>,
    {
        self.brings_credentials = true;
        self.header(name, value)
    }

    /// The longest that each step may take. By default the client's own limits hold: its connect
    /// timeout over DNS, TCP and TLS together, its policy's attempt timeout over each request.
    pub fn timeout(mut self, per_step: Duration) -> Self {
        self.timeout = Some(per_step);
        self
    }

    /// Takes the steps, one after the other, up to the first that fails.
    pub async fn run(self) -> PreflightReport {
        // Boxed, or its connections would swell every future that it is awaited in.
        Box::pin(walk(&self)).await
    }
}

impl fmt::Debug for Preflight {
    /// No header, no query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preflight")
            .field("url", &redacted(&self.url))
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

fn insert<V>(headers: &mut HeaderMap, name: &str, value: V) -> Result<(), Fault>
where
    V: TryInto<HeaderValue>,
{
    let wrong = |reason| Fault::new(Problem::BadHeader, reason);
    let header = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| wrong(format!("the header name {name:?} is not valid")))?;
    // The value may be a credential, so it is not shown.
    let mut value = value
        .try_into()
        .map_err(|_| wrong(format!("the value of header `{header}` is not valid")))?;
    value.set_sensitive(true);
    headers.insert(header, value);
    Ok(())
}

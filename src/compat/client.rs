//! The client with the old methods.

use std::fmt;
use std::sync::Arc;

use http::Method;

use super::mapping::{self, Defaults};
use super::{Config, Notice, Request, Response, Target};
use crate::event::setting;
use crate::{Body, Client, ClientBuilder, Error, Policy};

/// A client with the methods of an HTTP wrapper, on a safe policy.
///
/// A status of any kind is a response; an [`Error`] says that there is none. Clones are cheap and share
/// everything. Make one, and keep it: the circuit, the gate and the budget are in it.
///
/// ```no_run
/// use seawall::compat::{Config, HttpClient, Request, Target};
/// use seawall::{IdempotencyKey, Provider};
///
/// # async fn pay() -> Result<(), seawall::Error> {
/// let config = Config {
///     base_url: Some("https://gateway.example/v1".to_owned()),
///     ..Config::default()
/// };
/// let client = HttpClient::new(Target::Payments(Provider::generic()), config)?;
/// let key = IdempotencyKey::for_operation("shop", "charge", "order-17/attempt-1");
/// let charge = Request::post("/payments").body(r#"{"amount":1000}"#).idempotency_key(&key);
/// let response = client.do_request(charge).await?;
/// println!("{} after {}", response.status(), response.report());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HttpClient {
    client: Client,
    defaults: Arc<Defaults>,
    notices: Arc<[Notice]>,
}

impl HttpClient {
    /// A client for this target, with these settings. Each that means something else than it did is
    /// logged at WARN, and so is each override.
    ///
    /// # Errors
    ///
    /// A [`Config`](crate::ErrorKind::Config) error that names everything that
    /// [`Config::map`] refuses; or what [`ClientBuilder::build`] refuses.
    pub fn new(target: Target, config: Config) -> Result<Self, Error> {
        Self::with(target, config, |builder| builder)
    }

    /// The same, with what the settings of a wrapper cannot say: rotating credentials, observers,
    /// another root certificate.
    ///
    /// ```
    /// use seawall::Credential;
    /// use seawall::compat::{Config, HttpClient, Target};
    ///
    /// let token = Credential::bearer("s3cret")?;
    /// let client = HttpClient::with(Target::External, Config::default(), |builder| {
    ///     builder.credentials("https://gateway.example", token)
    /// })?;
    /// # Ok::<(), seawall::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the old constructors take their settings, and so do those of this crate"
    )]
    pub fn with(
        target: Target,
        config: Config,
        change: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self, Error> {
        let (mapped, defaults) = mapping::map(&config, &target)?;
        let client = change(Client::builder(mapped.policy)).build()?;
        mapped.notices.iter().for_each(setting::changed);
        Ok(Self {
            client,
            defaults: Arc::new(defaults),
            notices: mapped.notices.into(),
        })
    }

    /// A GET of this URL, absolute or relative to the base URL.
    ///
    /// # Errors
    ///
    /// As [`do_request`](Self::do_request).
    pub async fn get(&self, url: impl AsRef<str>) -> Result<Response, Error> {
        self.do_request(Request::get(url)).await
    }

    /// A POST to this URL. On [`Target::Payments`] it is given an idempotency key; bring your own with
    /// [`do_request`](Self::do_request) if the payment is to survive a restart.
    ///
    /// # Errors
    ///
    /// As [`do_request`](Self::do_request).
    pub async fn post(
        &self,
        url: impl AsRef<str>,
        body: impl Into<Body>,
    ) -> Result<Response, Error> {
        self.do_request(Request::post(url).body(body)).await
    }

    /// A PUT to this URL.
    ///
    /// # Errors
    ///
    /// As [`do_request`](Self::do_request).
    pub async fn put(
        &self,
        url: impl AsRef<str>,
        body: impl Into<Body>,
    ) -> Result<Response, Error> {
        let request = Request::new(Method::PUT, url).body(body);
        self.do_request(request).await
    }

    /// A DELETE of this URL.
    ///
    /// # Errors
    ///
    /// As [`do_request`](Self::do_request).
    pub async fn delete(&self, url: impl AsRef<str>) -> Result<Response, Error> {
        self.do_request(Request::new(Method::DELETE, url)).await
    }

    /// Sends it, and again as the policy allows, and reads the whole response.
    ///
    /// # Errors
    ///
    /// An [`Error`] if the request is not valid, was refused here, brought no response, or one whose
    /// body was lost. Its [`delivery`](Error::delivery) says what the server may have done.
    pub async fn do_request(&self, request: Request) -> Result<Response, Error> {
        let url = self.defaults.url(request.url());
        let headers = self.defaults.headers(&url);
        let built = request.onto(&self.client, &url, headers)?;
        Response::of(built.collect().await?)
    }

    /// The real client underneath. It knows neither base URL nor default headers.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.client.policy()
    }

    /// Every setting that means something else than it did.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("client", &self.client)
            .field("notices", &self.notices)
            .finish_non_exhaustive()
    }
}

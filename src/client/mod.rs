//! The door: a ready-made client on real sockets.

mod answer;
mod builder;
#[cfg(feature = "serde")]
mod config;
#[cfg(feature = "json")]
mod not_json;
mod origin;
pub mod preflight;
mod request;
mod response;
pub(crate) mod transport;
#[cfg(any(feature = "serde", feature = "compat"))]
pub(crate) mod url;

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use http::{Method, Request, Response as HttpResponse};
use hyper::body::Incoming;
use tower_layer::Layer;
use tower_service::Service;

pub use self::answer::Answer;
pub use self::builder::ClientBuilder;
#[cfg(feature = "serde")]
pub use self::config::{ClientConfig, EnvError, EnvProblem};
use self::preflight::Preflight;
pub use self::request::RequestBuilder;
#[cfg(feature = "compat")]
pub(crate) use self::request::redacted;
#[cfg(all(feature = "compat", feature = "json"))]
pub(crate) use self::request::to_json;
pub use self::response::Response;
use self::transport::{Phases, Transport};
use crate::middleware::Resilience;
use crate::middleware::collect::{Collect, CollectLayer};
use crate::middleware::credentials::Sources;
use crate::middleware::throttle::ThrottledBody;
use crate::response_body::{Announced, Limits};
use crate::{Body, Control, CredentialsLayer, Error, Policy, ResilienceLayer, Upstreams};

/// An HTTP client that does not storm what it calls.
///
/// Clones are cheap and share everything: connections, circuits, gates, budgets. Make one for each
/// policy, and keep it.
///
/// ```no_run
/// use seawall::{Client, Policy, Provider};
///
/// # async fn pay() -> Result<(), seawall::Error> {
/// let client = Client::builder(Policy::external_payments(Provider::generic())).build()?;
/// let response = client
///     .post("https://gateway.example/payments")
///     .body(r#"{"amount":1000}"#)
///     .send()
///     .await?;
/// println!("{} after {}", response.status(), response.report());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    /// Its calls end at the response's head.
    streaming: Resilience<Transport>,
    /// Its calls end at the response's last byte.
    collecting: Resilience<Collect<Transport>>,
    upstreams: Upstreams,
    limits: Limits,
    /// Where its credentials come from, for whoever checks them.
    sources: Sources,
    /// How it connects, for whoever checks that it can.
    phases: Arc<Phases>,
}

impl Client {
    /// A client for one policy. There is no default: name what it is for.
    pub fn builder(policy: Policy) -> ClientBuilder {
        ClientBuilder::new(policy)
    }

    /// A client that shares circuits, gates and budgets with whatever else uses these upstreams:
    /// another client, or layers on another transport. A Retry-After then stops all of them.
    pub fn builder_over(upstreams: Upstreams) -> ClientBuilder {
        ClientBuilder::over(upstreams)
    }

    fn new(
        transport: Transport,
        upstreams: Upstreams,
        limits: Limits,
        credentials: CredentialsLayer,
    ) -> Self {
        let sources = credentials.sources().clone();
        let stack = ResilienceLayer::over(upstreams.clone()).with_credentials(credentials);
        let phases = transport.phases();
        // Innermost: the attempt timeout covers the body too, the circuit hears of one that breaks.
        let collect = CollectLayer::within(limits).layer(transport.clone());
        Self {
            streaming: stack.layer(transport),
            collecting: stack.layer(collect),
            upstreams,
            limits,
            sources,
            phases,
        }
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.upstreams.policy()
    }

    /// Its upstreams, to be shared with others.
    #[must_use]
    pub const fn upstreams(&self) -> &Upstreams {
        &self.upstreams
    }

    /// The handle for whoever operates its upstreams.
    #[must_use]
    pub fn control(&self) -> Control {
        self.upstreams.control()
    }

    /// A GET of this URL.
    pub fn get(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// A HEAD of this URL.
    pub fn head(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// A POST to this URL.
    pub fn post(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// A PUT to this URL.
    pub fn put(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// A PATCH of this URL.
    pub fn patch(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// A DELETE of this URL.
    pub fn delete(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// A request of any method. The URL is absolute; what is wrong with it is said by
    /// [`send`](RequestBuilder::send).
    pub fn request(&self, method: Method, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self.clone(), method, url.as_ref())
    }

    /// A check, before a deploy, that calls of this URL could work: name, connection, TLS,
    /// credentials, health. It leaves no trace on circuit, gate, budget and connections. See
    /// [`preflight`].
    pub fn preflight(&self, url: impl AsRef<str>) -> Preflight {
        Preflight::new(self.clone(), url.as_ref())
    }

    /// Sends a request that was made elsewhere, through the same stack.
    ///
    /// # Errors
    ///
    /// An [`Error`] if there is no response head at the call's end.
    pub async fn execute(&self, request: Request<Body>) -> Result<Response, Error> {
        let mut service = self.streaming.clone();
        poll_fn(|cx| service.poll_ready(cx)).await?;
        let announced = Announced::in_answer_to(request.method());
        let response: HttpResponse<ThrottledBody<Incoming>> = service.call(request).await?;
        let response = response.map(ThrottledBody::released_if_empty);
        let upstreams = self.upstreams.clone();
        Ok(Response::new(response, upstreams, self.limits, announced))
    }

    /// The same, but the response is read whole inside the call. See
    /// [`RequestBuilder::collect`].
    ///
    /// # Errors
    ///
    /// An [`Error`] if there is no response at the call's end, or one whose body is lost.
    pub async fn collect(&self, request: Request<Body>) -> Result<Answer, Error> {
        let mut service = self.collecting.clone();
        poll_fn(|cx| service.poll_ready(cx)).await?;
        let response = service.call(request).await?;
        Ok(Answer::new(response, self.upstreams.clone()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("policy", &self.policy())
            .finish_non_exhaustive()
    }
}

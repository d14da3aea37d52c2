//! The whole stack as a middleware.

use std::future::poll_fn;

use http::Extensions;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use tokio::sync::Mutex;
use tower_layer::Layer;
use tower_service::Service;

use super::chain::Chain;
use super::convert::{http_request, reqwest_response};
use super::plain::{self, Habits};
use crate::event::foreign;
use crate::policy::Failure;
use crate::{Error, ResilienceLayer, TransportError};

/// The whole stack around the rest of a chain of reqwest-middleware, for code that calls one.
///
/// Middlewares before it see the call once, those after it see each attempt. One that retries has no
/// place beside it.
///
/// The response carries its [`Report`](crate::Report) among its extensions. An error of the stack is a
/// `reqwest_middleware::Error::Middleware`, and downcasts to [`Error`]. What a call of its
/// own would say by request extensions, such as an [`IdempotencyKey`](crate::IdempotencyKey), a
/// [`Deadline`](crate::Deadline) or a [`Priority`](crate::Priority), is said by `with_extension`.
///
/// ```
/// use seawall::adapters::reqwest::ResilienceMiddleware;
/// use seawall::{Error, IdempotencyKey, Policy, Provider, Report, ResilienceLayer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let layer = ResilienceLayer::new(Policy::external_payments(Provider::generic()));
/// let client = ResilienceMiddleware::client(layer, reqwest::Client::builder())?;
///
/// let key = IdempotencyKey::for_operation("shop", "charge", "order-17/attempt-1");
/// let payment = client.post("http://gateway.example/payments").with_extension(key).body("{}");
/// match payment.send().await {
///     Ok(answer) => println!("{}: {:?}", answer.status(), answer.extensions().get::<Report>()),
///     Err(reqwest_middleware::Error::Middleware(error)) => {
///         let error = error.downcast_ref::<Error>().expect("no other middleware is in the chain");
///         println!("{error} ({}), again at {:?}", error.code(), error.retry_at());
/// #       assert!(error.is_config(), "plain HTTP is refused before anything is sent");
///     }
///     Err(error) => println!("{error}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ResilienceMiddleware {
    layer: ResilienceLayer,
    habits: Habits,
}

impl ResilienceMiddleware {
    /// The stack over whatever comes after it in the chain; says at WARN what cannot be known of that.
    ///
    /// It may resend and redirect by itself, so none of its failures proves that a request which may
    /// change something was not sent; see the [module](super#what-a-reqwest-client-does-by-itself).
    ///
    /// ```
    /// use reqwest_middleware::ClientBuilder;
    /// use seawall::adapters::reqwest::ResilienceMiddleware;
    /// use seawall::{Policy, ResilienceLayer};
    ///
    /// let resilience = ResilienceMiddleware::new(ResilienceLayer::new(Policy::external()));
    /// let client = ClientBuilder::new(reqwest::Client::new()).with(resilience).build();
    /// ```
    #[must_use]
    pub fn new(layer: ResilienceLayer) -> Self {
        foreign::ready_made();
        Self {
            layer,
            habits: Habits::Unknown,
        }
    }

    /// A client of the stack alone, over one that sends what it is given once: its own retries and
    /// redirects are switched off, whatever the builder said of them.
    ///
    /// No other middleware belongs after this one, unless it too sends what it is given once. Of a
    /// failure at another URL than the one that it was given nobody can say what was sent.
    ///
    /// # Errors
    ///
    /// A configuration error, if reqwest cannot build a client from these settings.
    pub fn client(
        layer: ResilienceLayer,
        builder: reqwest::ClientBuilder,
    ) -> Result<ClientWithMiddleware, Error> {
        let client = plain::build(builder)?;
        let habits = Habits::None;
        Ok(ClientBuilder::new(client)
            .with(Self { layer, habits })
            .build())
    }

    async fn call(
        &self,
        request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<reqwest::Response, Error> {
        let mut request = http_request(request).map_err(|error| {
            Error::before_sending(TransportError::new(Failure::InvalidRequest, error))
        })?;
        request.extensions_mut().extend(extensions.clone());
        let extensions = Mutex::new(extensions);
        let mut service = self.layer.layer(Chain {
            next,
            extensions: &extensions,
            habits: self.habits,
        });
        poll_fn(|cx| service.poll_ready(cx)).await?;
        service.call(request).await.map(reqwest_response)
    }
}

#[async_trait::async_trait]
impl Middleware for ResilienceMiddleware {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let answer = self.call(request, extensions, next).await;
        answer.map_err(reqwest_middleware::Error::middleware)
    }
}

//! The service.

use std::fmt;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response, Version};
use tower_service::Service;

use super::ReqwestFuture;
use super::body::streamed;
use super::future::Given;
use super::plain::{self, Habits};
use super::sent::Sent;
use crate::body::SendGate;
use crate::event::foreign;
use crate::on_hyper::check;
use crate::policy::Failure;
use crate::{Body, BoxError, Error, TransportError};

/// A reqwest client as a service of HTTP requests, for the layers to go around.
///
/// Its errors say by their types what the server may have done. Every clone shares the client. It takes
/// any body, and hands it to reqwest as a stream, so that reqwest cannot send it twice.
///
/// ```
/// use seawall::adapters::reqwest::ReqwestService;
/// use seawall::{Body, Policy, Provider, Report, ResilienceLayer};
/// use tower::{Layer, ServiceExt};
///
/// # async fn pay() -> Result<(), seawall::Error> {
/// let transport = ReqwestService::build(reqwest::Client::builder())?;
/// let policy = Policy::external_payments(Provider::generic());
/// let service = ResilienceLayer::new(policy).layer(transport);
///
/// let request = http::Request::post("https://gateway.example/payments")
///     .body(Body::from("{}"))
///     .expect("a valid request");
/// let response = service.oneshot(request).await?;
/// println!("{:?}", Report::of(&response));
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// #     let refused = http::Request::get("http://127.0.0.1:1").body(Body::empty()).unwrap();
/// #     let transport = ReqwestService::build(reqwest::Client::builder()).unwrap();
/// #     let error = transport.oneshot(refused).await.unwrap_err();
/// #     assert_eq!(error.failure(), seawall::policy::Failure::Refused);
/// # });
/// ```
#[derive(Clone)]
pub struct ReqwestService {
    client: reqwest::Client,
    habits: Habits,
}

impl ReqwestService {
    /// Builds a client that sends what it is given once: its own retries and redirects are switched off,
    /// whatever the builder said of them.
    ///
    /// Everything else is the builder's: TLS, proxies, timeouts, pool. See the
    /// [module](super#what-is-different-from-seawalls-own-client) for what to set.
    ///
    /// # Errors
    ///
    /// A configuration error, if reqwest cannot build a client from these settings.
    pub fn build(builder: reqwest::ClientBuilder) -> Result<Self, Error> {
        Ok(Self {
            client: plain::build(builder)?,
            habits: Habits::None,
        })
    }

    /// Takes a client that others have built, and says at WARN what cannot be known of it.
    ///
    /// It may resend and redirect by itself, so none of its failures proves that a request which may
    /// change something was not sent; see the [module](super#what-a-reqwest-client-does-by-itself).
    #[must_use]
    pub fn ready_made(client: reqwest::Client) -> Self {
        foreign::ready_made();
        Self {
            client,
            habits: Habits::Unknown,
        }
    }
}

impl<B> Service<Request<B>> for ReqwestService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<reqwest::Body>;
    type Error = TransportError;
    type Future = ReqwestFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let ready = self.client.poll_ready(cx);
        ready.map_err(|error| TransportError::new(Failure::Other, error.without_url()))
    }

    fn call(&mut self, mut request: Request<B>) -> ReqwestFuture {
        if let Err(invalid) = check::check(&request) {
            return ReqwestFuture::refuse(invalid);
        }
        // The connection decides; asked for HTTP/2, one of HTTP/1.1 fails like any other.
        *request.version_mut() = Version::HTTP_11;
        let method = request.method();
        let empty_and_safe = method.is_safe() && request.body().is_end_stream();
        // An empty POST should say that it is empty (RFC 9110 section 8.6).
        let say_empty = !method.is_safe() && method != Method::CONNECT;
        // Not the gate of the layers above: reqwest asks the body about its length on its own, so
        // they could prove nothing by it. This one tells whether the body was read.
        let gate = SendGate::new();
        let stated = check::stated_length(request.headers());
        let request = request.map(|body| match stated {
            // Held to what the header says: a connection cuts off what is too much.
            Some(length) if body.size_hint().exact().is_none() => {
                let body = Body::one_shot(body);
                body.announce(length);
                gated(body, &gate, say_empty)
            }
            _ => gated(body, &gate, say_empty),
        });
        let request = match reqwest::Request::try_from(request) {
            Ok(request) => request,
            Err(error) => return ReqwestFuture::refuse(error.without_url()),
        };
        let sent = Sent::of(&request, self.habits);
        ReqwestFuture::send(Given {
            pending: self.client.call(request),
            sent,
            gate,
            empty_and_safe,
        })
    }
}

fn gated<B>(body: B, gate: &SendGate, say_empty: bool) -> reqwest::Body
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    streamed(if say_empty {
        gate.arm_empty_too(body)
    } else {
        gate.arm(body)
    })
}

impl fmt::Debug for ReqwestService {
    /// Nothing of the client: its default headers may hold a credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestService")
            .field("ready_made", &(self.habits == Habits::Unknown))
            .finish_non_exhaustive()
    }
}

//! The rest of a middleware chain as a service.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Extensions, Request, Response, Version};
use reqwest_middleware::Next;
use tokio::sync::Mutex;
use tower_service::Service;

use super::body::streamed;
use super::convert::reqwest_request;
use super::plain::Habits;
use super::sent::Sent;
use crate::body::SendGate;
use crate::on_hyper::check;
use crate::on_hyper::classify::Goaway;
use crate::policy::Failure;
use crate::{Body, BoxError, TransportError};

type Answer = Result<Response<reqwest::Body>, TransportError>;

/// What a middleware was given to call: it lives no longer than the call.
#[derive(Clone)]
pub(super) struct Chain<'m, 'e> {
    pub(super) next: Next<'m>,
    /// The attempts pass it on from one to the next; there is never more than one.
    pub(super) extensions: &'m Mutex<&'e mut Extensions>,
    pub(super) habits: Habits,
}

impl Chain<'_, '_> {
    async fn send(self, mut request: Request<Body>) -> Answer {
        check::check(&request).map_err(invalid)?;
        // The connection decides; asked for HTTP/2, one of HTTP/1.1 fails like any other.
        *request.version_mut() = Version::HTTP_11;
        let gate = SendGate::new();
        let request = gated(request, &gate);
        let request = reqwest_request(request).map_err(invalid)?;
        let (sent, url) = (Sent::of(&request, self.habits), request.url().clone());
        let mut extensions = self.extensions.lock().await;
        match self.next.run(request, &mut extensions).await {
            Ok(response) => sent.answered(response),
            Err(reqwest_middleware::Error::Reqwest(error)) => {
                let failure = if error.url() == Some(&url) {
                    // Who has read the body, the connection or a middleware, nobody knows.
                    sent.failure(&error, Goaway::Unknown)
                } else {
                    // That of a request which a middleware has made on its own.
                    Failure::Other
                };
                let failure = match failure {
                    Failure::Other if gate.has_failed() => Failure::RequestBody,
                    failure => failure,
                };
                Err(TransportError::new(failure, error.without_url()))
            }
            // A middleware's own error proves nothing: it may have sent the request before.
            Err(error) => Err(TransportError::new(Failure::Other, error)),
        }
    }
}

/// Bytes stay bytes: a middleware further down may have to sign them. The gate tells whether a stream
/// has failed by itself.
fn gated(request: Request<Body>, gate: &SendGate) -> Request<reqwest::Body> {
    let stated = check::stated_length(request.headers());
    request.map(|body| match body.into_bytes() {
        Ok(bytes) => reqwest::Body::from(bytes),
        Err(stream) => {
            if let Some(length) = stated {
                stream.announce(length);
            }
            streamed(gate.arm(stream))
        }
    })
}

fn invalid(why: impl Into<BoxError>) -> TransportError {
    TransportError::new(Failure::InvalidRequest, why)
}

impl<'m> Service<Request<Body>> for Chain<'m, '_> {
    type Response = Response<reqwest::Body>;
    type Error = TransportError;
    /// Boxed, as each step of such a chain is.
    type Future = Pin<Box<dyn Future<Output = Answer> + Send + 'm>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}

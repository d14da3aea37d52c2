//! The rest of a middleware chain as a service.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Extensions, Request, Response};
use reqwest_middleware::Next;
use tokio::sync::Mutex;
use tower_service::Service;

use super::convert::reqwest_request;
use super::plain::Habits;
use super::sent::Sent;
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
    async fn send(self, request: Request<Body>) -> Answer {
        check::check(&request).map_err(invalid)?;
        // Bytes stay bytes: a middleware further down may have to sign them.
        let request = reqwest_request(request).map_err(invalid)?;
        let sent = Sent::of(&request, self.habits);
        let mut extensions = self.extensions.lock().await;
        match self.next.run(request, &mut extensions).await {
            Ok(response) => sent.answered(response),
            Err(reqwest_middleware::Error::Reqwest(error)) => {
                // Nobody knows whether the body was read.
                let failure = sent.failure(&error, Goaway::Unknown);
                Err(TransportError::new(failure, error.without_url()))
            }
            // A middleware's own error proves nothing: it may have sent the request before.
            Err(error) => Err(TransportError::new(Failure::Other, error)),
        }
    }
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

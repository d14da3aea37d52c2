//! The end of the stack: one attempt over a `Channel`.

mod failure;
mod first_frame;
mod future;
mod limits;

use std::mem;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use tower_service::Service;

use self::limits::Limits;
use super::GrpcBody;
use crate::{BoxError, Error};

pub use self::future::GrpcTransportFuture;

/// How long an answer without a status is held back for its first frame.
pub(super) const STATUS_WAIT: Duration = Duration::from_millis(100);

/// Sends each attempt over a `Channel`, or over what is like one, and tells the layers above what became
/// of it.
///
/// It says in `grpc-timeout` how much time is left, reads a status that comes without a message, and
/// tells by the type of an error what it proves. [`GrpcLayer`](super::GrpcLayer) puts it where it belongs;
/// below a stack of your own it stands right over the channel.
///
/// ```
/// use seawall::adapters::grpc::GrpcTransport;
/// use seawall::{Policy, ResilienceLayer};
/// use tonic::transport::Channel;
/// use tower::Layer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let channel = Channel::from_static("https://ledger.example").connect_lazy();
/// let service = ResilienceLayer::new(Policy::external()).layer(GrpcTransport::new(channel));
/// # let _ = service;
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct GrpcTransport<S> {
    channel: S,
    status_wait: Duration,
}

impl<S> GrpcTransport<S> {
    /// Over this channel.
    #[must_use]
    pub const fn new(channel: S) -> Self {
        Self {
            channel,
            status_wait: STATUS_WAIT,
        }
    }

    /// The same with another wait: see [`GrpcLayer::status_wait`](super::GrpcLayer::status_wait).
    #[must_use]
    pub fn status_wait(mut self, wait: Duration) -> Self {
        self.status_wait = wait;
        self
    }
}

impl<S> Service<Request<crate::Body>> for GrpcTransport<S>
where
    S: Service<Request<tonic::body::Body>, Response = Response<tonic::body::Body>> + Clone,
    S::Error: Into<BoxError>,
{
    type Response = Response<GrpcBody>;
    type Error = Error;
    type Future = GrpcTransportFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let ready = self.channel.poll_ready(cx);
        ready.map_err(|error| Error::before_sending(failure::classified(error, |_| None)))
    }

    fn call(&mut self, request: Request<crate::Body>) -> Self::Future {
        let limits = Limits::of(&request);
        // The instance that was made ready is called; the clone takes its place.
        let clone = self.channel.clone();
        let ready = mem::replace(&mut self.channel, clone);
        GrpcTransportFuture::new(ready, request, limits, self.status_wait)
    }
}

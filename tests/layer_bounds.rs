//! What the layers do not ask for: a body that is `Sync`, a service that is `'static`, an error of
//! theirs.
#![cfg(feature = "middleware")]

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use seawall::body::{OneShot, Replay};
use seawall::{
    AttemptSpanLayer, AttemptTimeoutLayer, CallSpanLayer, CircuitLayer, CollectLayer,
    CredentialsLayer, DeadlineLayer, IdempotencyLayer, Policy, Report, RequireHttpsLayer,
    ResilienceLayer, RetryLayer, ThrottleLayer, Upstreams,
};
use tower::{Layer, Service, ServiceExt};

/// A body that only one thread at a time may look at.
struct Unshared(Cell<&'static str>);

impl Body for Unshared {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let text = self.0.replace("");
        let frame = Frame::data(Bytes::from_static(text.as_bytes()));
        Poll::Ready((!text.is_empty()).then_some(Ok(frame)))
    }
}

impl Replay for Unshared {
    fn replay(&self) -> Option<Self> {
        Some(Self(self.0.clone()))
    }
}

/// A service that borrows what it answers from: statuses, in order.
#[derive(Clone)]
struct Borrowing<'a>(&'a Cell<usize>, &'a [u16]);

impl<B> Service<Request<B>> for Borrowing<'_> {
    type Response = Response<Unshared>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Unshared>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let number = self.0.replace(self.0.get() + 1);
        let mut response = Response::new(Unshared(Cell::new("paid")));
        *response.status_mut() = self.1[number].try_into().expect("a status");
        ready(Ok(response))
    }
}

/// A service of such requests: the compiler checks it.
fn serves<B, C>(_: &impl Service<Request<B>, Response = Response<C>>) {}

#[test]
fn each_layer_takes_a_body_that_is_not_sync_and_a_service_that_borrows() {
    let (number, statuses) = (Cell::new(0), [200]);
    let inner = || Borrowing(&number, &statuses);
    let upstreams = || Upstreams::new(Policy::external());
    serves::<Unshared, _>(&CallSpanLayer::new().layer(inner()));
    serves::<Unshared, _>(&AttemptSpanLayer::new().layer(inner()));
    serves::<Unshared, _>(&RequireHttpsLayer::new(upstreams()).layer(inner()));
    serves::<Unshared, _>(&DeadlineLayer::over(upstreams()).layer(inner()));
    serves::<Unshared, _>(&IdempotencyLayer::new(upstreams()).layer(inner()));
    serves::<Unshared, _>(&RetryLayer::new(upstreams()).layer(inner()));
    serves::<Unshared, _>(&ThrottleLayer::new(upstreams()).layer(inner()));
    serves::<Unshared, _>(&CircuitLayer::new(upstreams()).layer(inner()));
    serves::<Unshared, _>(&CredentialsLayer::default().layer(inner()));
    serves::<Unshared, _>(&AttemptTimeoutLayer::over(upstreams()).layer(inner()));
    serves::<Unshared, _>(&CollectLayer::new(1024, Duration::from_secs(1)).layer(inner()));
    serves::<Unshared, _>(&ResilienceLayer::over(upstreams()).layer(inner()));
    serves::<OneShot<Unshared>, _>(&ResilienceLayer::over(upstreams()).layer(inner()));
}

#[tokio::test(start_paused = true)]
async fn the_stack_runs_around_a_service_that_borrows() {
    let (number, statuses) = (Cell::new(0), [503, 200]);
    let stack = ResilienceLayer::new(Policy::external());
    let request = Request::put("https://gateway.test/orders/7")
        .body(Unshared(Cell::new("{}")))
        .unwrap();
    let answer = stack
        .layer(Borrowing(&number, &statuses))
        .oneshot(request)
        .await;
    let answer = answer.unwrap();
    assert_eq!(Report::in_extensions(&answer).unwrap().attempts(), 2);
    assert_eq!((answer.status().as_u16(), number.get()), (200, 2));
}

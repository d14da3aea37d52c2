//! What spans cost when nobody subscribes: nothing that is allocated. A subscriber anywhere in the
//! process changes what others allocate, so the stack's figures are another program's.

#![cfg(feature = "middleware")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};

use http::{Request, Response};
use seawall::middleware::spans::{AttemptSpanLayer, CallSpanLayer};
use tower::{Layer, Service, service_fn};

fn answer(request: Request<()>) -> Ready<Result<Response<()>, Infallible>> {
    drop(request);
    ready(Ok(Response::new(())))
}

/// The allocations of one call of a service that answers at once.
fn allocations<S>(mut service: S) -> u64
where
    S: Service<Request<()>, Response = Response<()>>,
{
    let mut request = Some(
        Request::post("https://gateway.test:8443/payments?card=1")
            .body(())
            .unwrap(),
    );
    let mut cx = Context::from_waker(Waker::noop());
    let counted = allocation_counter::measure(|| {
        let call = std::pin::pin!(service.call(request.take().unwrap()));
        assert!(matches!(call.poll(&mut cx), Poll::Ready(Ok(_))));
    });
    counted.count_total
}

#[test]
fn spans_allocate_nothing_unless_somebody_sees_them() {
    let attempts = AttemptSpanLayer::new().layer(service_fn(answer));
    let bare = allocations(service_fn(answer));
    let unseen = allocations(CallSpanLayer::new().layer(attempts));
    assert_eq!(unseen, bare);

    // In one test: beside another thread's subscriber, nobody here is unseen.
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::sink)
        .finish();
    let attempts = AttemptSpanLayer::new().layer(service_fn(answer));
    let service = CallSpanLayer::new().layer(attempts);
    let seen = tracing::subscriber::with_default(subscriber, || allocations(service));
    assert!(seen > 0);
}

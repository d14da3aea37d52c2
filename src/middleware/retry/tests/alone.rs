//! The retry layer without the other layers, and what it asks of the service within.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;

use super::*;
use crate::body::OneShot;
use crate::{Report, Upstreams};

fn layer() -> RetryLayer {
    RetryLayer::new(Upstreams::new(
        payments().backoff(steady()).build().unwrap(),
    ))
}

#[tokio::test(start_paused = true)]
async fn it_repeats_and_reports_without_the_other_layers() {
    // The script panics when an instance is called that was not made ready.
    let upstream = Script::new([status(500), io(std::io::ErrorKind::ConnectionReset)]);
    let outcome: Outcome = layer().layer(upstream.clone()).oneshot(keyed()).await;
    assert_eq!((outcome.attempts(), upstream.count()), (3, 3));
    assert_eq!(outcome.delivery(), Delivery::Done);
}

#[tokio::test(start_paused = true)]
async fn of_a_foreign_error_only_the_type_counts() {
    let sent = async |error: Step| {
        let upstream = Script::new([error]);
        let unkeyed = call(http::Method::from_bytes(b"PURGE").unwrap(), URL, "");
        let outcome: Outcome = layer().layer(upstream.clone()).oneshot(unkeyed).await;
        (upstream.count(), outcome.delivery())
    };
    assert_eq!(sent(failure(Failure::Refused)).await, (2, Delivery::Done));
    // It may be the service behind this one that refused, after the payment was made.
    let behind = io(std::io::ErrorKind::ConnectionRefused);
    assert_eq!(sent(behind).await, (1, Delivery::Unknown));
    let reset = io(std::io::ErrorKind::ConnectionReset);
    assert_eq!(sent(reset).await, (1, Delivery::Unknown));
    let stranger = Step::Fail("connection refused, honestly".into());
    assert_eq!(sent(stranger).await, (1, Delivery::Unknown));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_can_be_sent_once_forbids_the_retry_never_the_first_send() {
    let body = || OneShot(Full::new(Bytes::from_static(b"rows")));
    for (code, reason) in [
        (200, StopReason::Answered),
        (500, StopReason::BodyNotReplayable),
    ] {
        let answer = move |_: Request<OneShot<Full<Bytes>>>| {
            let mut response = Response::new(());
            *response.status_mut() = http::StatusCode::from_u16(code).unwrap();
            std::future::ready(Ok::<_, std::io::Error>(response))
        };
        let service = layer().layer(service_fn(answer));
        let request = Request::put(URL).body(body()).unwrap();
        let answer = service.oneshot(request).await.unwrap();
        let report = Report::in_extensions(&answer).unwrap();
        assert_eq!((report.attempts(), report.stop_reason()), (1, reason));
        assert_eq!(report.retry_after().is_some(), code == 500);
    }
}

#[test]
fn a_retry_without_delay_makes_no_timer() {
    let none = crate::Backoff::new(secs(0), 1.0, secs(0), crate::Jitter::None).unwrap();
    let policy = Policy::internal().to_builder().backoff(none).build();
    let layer = RetryLayer::new(Upstreams::new(policy.unwrap()));
    let upstream = Script::new([status(500), status(500)]);
    let service = layer.layer(upstream.clone());
    let outcome: Outcome = without_timers(service.oneshot(get()));
    assert_eq!(
        (outcome.unwrap().status().as_u16(), upstream.count()),
        (200, 3)
    );
}

#[test]
#[should_panic(expected = "timers are disabled")]
fn a_retry_with_a_delay_does() {
    let upstream = Script::new([status(500)]);
    let _ = without_timers(layer().layer(upstream).oneshot(get()));
}

#[tokio::test]
async fn it_is_ready_when_the_inner_service_is() {
    let (mut service, mut inner) = tower_test::mock::spawn_layer::<Call, Response<()>, _>(layer());
    inner.allow(0);
    assert!(service.poll_ready().is_pending());
    inner.allow(1);
    assert!(service.poll_ready().is_ready());
}

#[tokio::test(start_paused = true)]
async fn the_retry_waits_until_the_inner_service_is_ready_again() {
    let (mut service, mut inner) = tower_test::mock::spawn_layer::<Call, Response<()>, _>(layer());
    inner.allow(1);
    assert!(service.poll_ready().is_ready());
    let call = tokio::spawn(service.call(keyed()));
    let (_, respond) = inner.next_request().await.unwrap();
    let mut answer = Response::new(());
    *answer.status_mut() = http::StatusCode::BAD_GATEWAY;
    respond.send_response(answer);
    pass(secs(10)).await;
    assert!(!call.is_finished());
    inner.allow(1);
    let (again, respond) = inner.next_request().await.unwrap();
    assert_eq!(again.headers()["idempotency-key"], "order-1042");
    respond.send_response(Response::new(()));
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
}

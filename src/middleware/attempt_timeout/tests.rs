//! The attempt timeout alone, on a service that knows nothing of it.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;

use super::AttemptTimeoutLayer;
use crate::middleware::Deadline;
use crate::middleware::extensions::Attempt;
use crate::middleware::testing::*;
use crate::policy::{Delivery, Failure, Progress};
use crate::{BoxError, Error, clock};

const TIMEOUT: AttemptTimeoutLayer = AttemptTimeoutLayer::new(secs(10));

async fn send(upstream: &Script, request: Call) -> Outcome {
    TIMEOUT.layer(upstream.clone()).oneshot(request).await
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_passes_and_a_later_one_is_not_waited_for() {
    let upstream = Script::new([
        status(503).after(millis(9_999)),
        status(200).after(millis(10_001)),
    ]);
    assert_eq!(send(&upstream, get()).await.unwrap().status(), 503);

    let start = clock::now();
    let error = send(&upstream, get()).await.unwrap_err();
    assert_eq!(clock::now() - start, secs(10));
    let timeout = Failure::AttemptTimeout(Progress::MaybeSent);
    assert_eq!(error.failure(), Some(timeout));
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(error.is_timeout());
}

#[tokio::test(start_paused = true)]
async fn a_foreign_error_in_time_is_read_by_its_type() {
    let upstream = Script::new([
        failure(Failure::Refused).after(secs(1)),
        Step::Fail("connection refused".into()),
    ]);
    let refused = send(&upstream, get()).await.unwrap_err();
    assert_eq!(refused.failure(), Some(Failure::Refused));
    let stranger = send(&upstream, get()).await.unwrap_err();
    assert_eq!(stranger.failure(), Some(Failure::Other));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_has_no_more_time_than_the_call_has_left() {
    let upstream = Script::new([Step::Hang, Step::Hang]);
    let start = clock::now();
    let soon = Deadline::at(start + secs(3));
    let error = send(&upstream, with_extension(get(), soon)).await;
    assert_eq!(clock::now() - start, secs(3));
    assert_eq!(
        error.unwrap_err().failure(),
        Some(Failure::Deadline(Progress::MaybeSent))
    );

    let start = clock::now();
    let late = Deadline::at(start + secs(11));
    let error = send(&upstream, with_extension(get(), late)).await;
    assert_eq!(clock::now() - start, secs(10));
    assert_eq!(
        error.unwrap_err().failure(),
        Some(Failure::AttemptTimeout(Progress::MaybeSent))
    );
}

#[tokio::test(start_paused = true)]
async fn past_the_deadline_nothing_is_sent() {
    let upstream = Script::new([]);
    let past = Deadline::at(clock::now());
    let error = send(&upstream, with_extension(get(), past)).await;
    let error = error.unwrap_err();
    assert_eq!(error.failure(), Some(Failure::Deadline(Progress::Unsent)));
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!((error.report().attempts(), upstream.count()), (0, 0));
}

/// Takes the gate of the request as a transport does, then never answers.
async fn stalled(request: Request<Full<Bytes>>, written: bool) -> Result<Response<()>, BoxError> {
    let attempt = request.extensions().get::<Attempt>().cloned();
    let gate = attempt.expect("it is told of").gate;
    let mut body = gate.arm(request.into_body());
    if written {
        let _ = body.frame().await;
    }
    let () = std::future::pending().await;
    drop(body);
    Ok(Response::new(()))
}

#[tokio::test(start_paused = true)]
async fn what_was_never_written_is_proven_unsent_and_what_was_is_unknown() {
    let timed_out = async |written| -> Error {
        let service = TIMEOUT.layer(service_fn(move |request| stalled(request, written)));
        service.oneshot(post()).await.unwrap_err()
    };
    let unwritten = timed_out(false).await;
    assert_eq!(
        unwritten.failure(),
        Some(Failure::AttemptTimeout(Progress::Unsent))
    );
    assert_eq!(unwritten.delivery(), Delivery::NotSent);
    assert_eq!(timed_out(true).await.delivery(), Delivery::Unknown);
}

#[tokio::test(start_paused = true)]
async fn the_attempt_is_dropped_when_its_time_is_over() {
    let upstream = Script::new([Step::Hang]);
    let call = tokio::spawn(TIMEOUT.layer(upstream.clone()).oneshot(get()));
    settle().await;
    assert_eq!(upstream.in_flight(), 1);
    assert!(call.await.unwrap().is_err());
    assert_eq!(upstream.in_flight(), 0);
}

#[test]
fn an_answer_at_once_makes_no_timer() {
    let answered = without_timers(async { send(&Script::new([status(503)]), get()).await });
    assert_eq!(answered.unwrap().status(), 503);
}

#[test]
#[should_panic(expected = "timers are disabled")]
fn an_answer_that_is_waited_for_does() {
    let _ = without_timers(async { send(&Script::new([Step::Hang]), get()).await });
}

#[tokio::test]
async fn it_is_ready_when_the_inner_service_is() {
    let (mut service, mut inner) = tower_test::mock::spawn_layer::<Call, Response<()>, _>(TIMEOUT);
    inner.allow(0);
    assert!(service.poll_ready().is_pending());
    inner.allow(1);
    assert!(service.poll_ready().is_ready());
}

#[tokio::test(start_paused = true)]
async fn the_longest_timeout_is_no_overflow() {
    let forever = AttemptTimeoutLayer::new(std::time::Duration::MAX);
    let upstream = Script::new([status(200).after(secs(86_400))]);
    assert!(forever.layer(upstream).oneshot(get()).await.is_ok());
}

//! The deadline alone, on a service that knows nothing of it.

use std::time::Duration;

use http::Response;
use tower::ServiceExt;
use tower_layer::Layer;

use super::DeadlineLayer;
use crate::middleware::Deadline;
use crate::middleware::testing::*;
use crate::policy::{Delivery, Failure, Progress};
use crate::{Error, clock};

const DEADLINE: DeadlineLayer = DeadlineLayer::new(secs(90));

async fn send(upstream: &Script, request: Call) -> Outcome {
    DEADLINE.layer(upstream.clone()).oneshot(request).await
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_passes_and_a_call_without_one_ends_at_the_deadline() {
    let upstream = Script::new([status(503).after(millis(89_999)), Step::Hang]);
    assert_eq!(send(&upstream, get()).await.unwrap().status(), 503);

    let start = clock::now();
    let error: Error = send(&upstream, get()).await.unwrap_err();
    assert_eq!(clock::now() - start, secs(90));
    assert_eq!(
        error.failure(),
        Some(Failure::Deadline(Progress::MaybeSent))
    );
    // It cannot know how far the request had come, and so must not call it unsent.
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(upstream.in_flight(), 0, "the call was dropped");
}

#[tokio::test(start_paused = true)]
async fn a_foreign_error_in_time_is_read_by_its_type() {
    let upstream = Script::new([failure(Failure::Refused).after(secs(1))]);
    let error = send(&upstream, get()).await.unwrap_err();
    assert_eq!(error.failure(), Some(Failure::Refused));
}

#[tokio::test(start_paused = true)]
async fn the_tighter_of_its_own_and_an_arriving_deadline_holds_and_is_passed_down() {
    let upstream = Script::new([Step::Hang, Step::Hang, Step::Hang]);
    for (arriving, holds) in [(None, 90), (Some(89), 89), (Some(91), 90)] {
        let start = clock::now();
        let request = match arriving {
            Some(after) => with_extension(get(), Deadline::at(start + secs(after))),
            None => get(),
        };
        assert!(send(&upstream, request).await.unwrap_err().is_timeout());
        assert_eq!(clock::now() - start, secs(holds), "{arriving:?}");
    }
    let seen = upstream.seen();
    let passed_down = seen
        .iter()
        .map(|seen| seen.deadline.unwrap().saturating_sub(seen.at));
    assert_eq!(
        passed_down.collect::<Vec<_>>(),
        [secs(90), secs(89), secs(90)]
    );
}

#[tokio::test(start_paused = true)]
async fn past_an_arriving_deadline_nothing_is_sent() {
    let upstream = Script::new([]);
    let error = send(
        &upstream,
        with_extension(post(), Deadline::at(clock::now())),
    )
    .await;
    let error = error.unwrap_err();
    assert_eq!(error.failure(), Some(Failure::Deadline(Progress::Unsent)));
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!((error.report().attempts(), upstream.count()), (0, 0));
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

#[tokio::test(start_paused = true)]
async fn the_longest_deadline_is_no_overflow() {
    let forever = DeadlineLayer::new(Duration::MAX);
    let upstream = Script::new([status(200).after(secs(86_400))]);
    assert!(forever.layer(upstream).oneshot(get()).await.is_ok());
}

#[tokio::test]
async fn it_is_ready_when_the_inner_service_is() {
    let (mut service, mut inner) = tower_test::mock::spawn_layer::<Call, Response<()>, _>(DEADLINE);
    inner.allow(0);
    assert!(service.poll_ready().is_pending());
    inner.allow(1);
    assert!(service.poll_ready().is_ready());
}

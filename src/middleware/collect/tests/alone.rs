//! The layer alone, and right inside an attempt timeout.

use http::Response;
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;

use super::Piece::{Break, Data, Hang, Pause, Untouchable};
use super::*;
use crate::middleware::attempt_timeout::AttemptTimeoutLayer;
use crate::middleware::deadline::DeadlineLayer;
use crate::policy::{Delivery, Failure, Progress};
use crate::{BoxError, Report, clock};

async fn send(upstream: &Script) -> Collection {
    COLLECT.layer(upstream.clone()).oneshot(get()).await
}

/// An attempt of at most 5 s.
async fn attempt(upstream: &Script) -> Collection {
    let inside = COLLECT.layer(upstream.clone());
    let timed = AttemptTimeoutLayer::new(secs(5)).layer(inside);
    timed.oneshot(get()).await
}

#[tokio::test(start_paused = true)]
async fn a_whole_body_comes_with_its_head() {
    for code in [200, 302, 404, 503] {
        let pieces = [Data("in "), Pause(secs(9)), Data("pieces")];
        let upstream = Script::new([status(code).header("x-id", 7).body(pieces)]);
        let response = send(&upstream).await.unwrap();
        assert_eq!(response.status().as_u16(), code);
        assert_eq!(response.headers()["x-id"], "7");
        assert_eq!(response.into_body().into_bytes().unwrap(), "in pieces");
        assert_eq!(upstream.open_bodies(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_success_a_body_that_breaks_or_stalls_is_the_end_of_the_attempt() {
    for (last, is_timeout) in [(Break, false), (Hang, true)] {
        for code in [200, 201, 299] {
            let answer = status(code).header("location", "/17");
            let upstream = Script::new([answer.body([Data("pay"), last.clone()])]);
            let error = send(&upstream).await.unwrap_err();
            assert_eq!(error.failure(), Some(Failure::BrokenBody));
            assert_eq!(error.delivery(), Delivery::Unknown);
            assert!(error.is_body() && !error.is_timeout(), "{error:?}");
            assert_eq!(broken_by(&error).is_timeout(), is_timeout);
            // What is known of the answer is not lost with its body.
            assert_eq!(error.status().unwrap().as_u16(), code);
            assert_eq!(error.headers().unwrap()["location"], "/17");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_success_a_body_over_the_limit_is_too() {
    let upstream = Script::new([
        status(200).body([Data("0123456789abcdef")]),
        status(200).body([Data("0123456789abcdef"), Data("!"), Untouchable]),
    ]);
    assert_eq!(send(&upstream).await.unwrap().status(), 200);
    let error = send(&upstream).await.unwrap_err();
    assert_eq!(error.failure(), Some(Failure::OversizedBody { limit: 16 }));
    assert_eq!(
        (error.delivery(), error.is_body()),
        (Delivery::Unknown, true)
    );
    let text = error.to_string();
    assert!(
        text.contains("limit of 16 bytes: raise the limit"),
        "{text}"
    );
    assert!(broken_by(&error).is_oversized());
}

#[tokio::test(start_paused = true)]
async fn after_anything_else_the_head_is_kept_with_the_part_that_came() {
    for (last, is_oversized) in [
        (Break, false),
        (Hang, false),
        (Data("0123456789abcdef"), true),
    ] {
        for code in [303, 307, 400, 402, 429, 503, 999] {
            let answer = retry_after(code, 60).body([Data("pay"), last.clone()]);
            let upstream = Script::new([answer]);
            let response = send(&upstream).await.unwrap();
            assert_eq!(response.headers()["retry-after"], "60");
            let body = response.into_body();
            assert_eq!(body.error().unwrap().is_oversized(), is_oversized);
            let mut body = body;
            let part = http_body_util::BodyExt::frame(&mut body).await.unwrap();
            assert_eq!(part.unwrap().into_data().unwrap(), "pay");
            assert!(body.into_bytes().is_err());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_attempt_timeout_covers_head_and_body() {
    let slow = || status(200).body([Data("pay"), Pause(secs(3)), Data("ment")]);
    let upstream = Script::new([slow().after(millis(1_999)), slow().after(millis(2_001))]);
    let body = attempt(&upstream).await.unwrap().into_body();
    assert_eq!(body.into_bytes().unwrap(), "payment");

    let start = clock::now();
    let error = attempt(&upstream).await.unwrap_err();
    assert_eq!(clock::now() - start, secs(5));
    let timeout = Failure::AttemptTimeout(Progress::MaybeSent);
    assert_eq!(error.failure(), Some(timeout));
    assert_eq!(upstream.open_bodies(), 0);
}

#[tokio::test(start_paused = true)]
async fn but_does_not_take_along_what_the_head_of_a_refusal_says() {
    let stalled = || retry_after(503, 60).body([Data("down"), Hang]);
    let upstream = Script::new([stalled().after(secs(2)), status(503).after(secs(6))]);
    let start = clock::now();
    let response = attempt(&upstream).await.unwrap();
    assert_eq!(clock::now() - start, secs(5));
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "60");
    assert!(response.into_body().into_bytes().unwrap_err().is_timeout());
    // Without a head there is nothing to keep.
    assert!(attempt(&upstream).await.unwrap_err().is_timeout());
}

#[tokio::test(start_paused = true)]
async fn nor_does_the_deadline_or_a_tighter_attempt_timeout_around() {
    let stalled = || status(402).body([Hang]);
    let upstream = Script::new([stalled(), stalled()]);
    let timed = AttemptTimeoutLayer::new(secs(5)).layer(COLLECT.layer(upstream.clone()));

    let start = clock::now();
    let deadline = DeadlineLayer::new(secs(3)).layer(timed.clone());
    assert_eq!(deadline.oneshot(get()).await.unwrap().status(), 402);
    assert_eq!(clock::now() - start, secs(3));

    let around = AttemptTimeoutLayer::new(secs(2)).layer(timed);
    assert_eq!(around.oneshot(get()).await.unwrap().status(), 402);
    assert_eq!(clock::now() - start, secs(5));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_inner_service_passes_through() {
    let upstream = Script::new([failure(Failure::Refused)]);
    let error = send(&upstream).await.unwrap_err();
    assert_eq!(error.failure(), Some(Failure::Refused));
    assert!(!error.is_body());
}

#[tokio::test(start_paused = true)]
async fn it_stands_on_a_service_of_any_body_and_error() {
    let service = service_fn(async |_: Call| {
        let body = http_body_util::Full::new(std::collections::VecDeque::from([112, 97, 121]));
        let mut response = Response::new(body);
        response.extensions_mut().insert(7_u8);
        Ok::<_, BoxError>(response)
    });
    let response = COLLECT.layer(service).oneshot(get()).await.unwrap();
    assert_eq!(response.extensions().get(), Some(&7_u8));
    assert!(Report::in_extensions(&response).is_none());
    assert_eq!(response.into_body().into_bytes().unwrap(), "pay");
}

#[test]
fn an_answer_at_once_makes_no_timer() {
    let answered = without_timers(async { send(&Script::new([])).await });
    assert_eq!(answered.unwrap().status(), 200);
}

#[tokio::test]
async fn it_is_ready_when_the_inner_service_is() {
    type Inner = http_body_util::Full<bytes::Bytes>;
    let (mut service, mut inner) =
        tower_test::mock::spawn_layer::<Call, Response<Inner>, _>(COLLECT);
    inner.allow(0);
    assert!(service.poll_ready().is_pending());
    inner.allow(1);
    assert!(service.poll_ready().is_ready());
}

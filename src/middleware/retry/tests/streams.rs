//! Retries of streams: what an attempt took, the next one sends again, if it was kept.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt;
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;

use super::*;
use crate::body::{Body, Replay};
use crate::{Report, Upstreams};

/// An upstream that takes a number of frames from each request, and answers with a status. It
/// never lets a body go, as a connection might.
#[derive(Clone, Default)]
struct Taker {
    taken: Arc<Mutex<Vec<String>>>,
    held: Arc<Mutex<Vec<Body>>>,
}

impl Taker {
    async fn take(&self, request: Request<Body>, frames: usize) {
        let (mut taken, mut body) = (String::new(), request.into_body());
        for _ in 0..frames {
            match body.frame().await {
                Some(Ok(frame)) => taken.push_str(&text(frame)),
                Some(Err(error)) => taken.push_str(&error.to_string()),
                None => taken.push('.'),
            }
        }
        self.taken.lock().unwrap().push(taken);
        self.held.lock().unwrap().push(body);
    }

    async fn held(&self, attempt: usize) -> Option<Result<String, String>> {
        let mut body = mem::replace(&mut self.held.lock().unwrap()[attempt], Body::empty());
        let frame = body.frame().await?;
        Some(frame.map(text).map_err(|error| error.to_string()))
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

fn text(frame: Frame<Bytes>) -> String {
    let data = frame.into_data().expect("data");
    String::from_utf8(data.to_vec()).expect("text")
}

/// Sends `body` to an upstream with this script: how many frames it takes, and what it answers.
async fn send<const N: usize>(body: Body, script: [(usize, u16); N]) -> (Taker, Report) {
    let taker = Taker::default();
    let script = Arc::new(Mutex::new(script.into_iter()));
    let upstream = taker.clone();
    let service = service_fn(move |request: Request<Body>| {
        let (upstream, step) = (upstream.clone(), script.lock().unwrap().next());
        async move {
            let (frames, status) = step.expect("no more attempts");
            upstream.take(request, frames).await;
            Ok::<_, Infallible>(answer(status))
        }
    });
    let answer = layer().layer(service).oneshot(put(body)).await.unwrap();
    let report = Report::in_extensions(&answer).unwrap().clone();
    (taker, report)
}

fn answer(status: u16) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

fn layer() -> RetryLayer {
    RetryLayer::new(Upstreams::new(
        payments().backoff(steady()).build().unwrap(),
    ))
}

fn put<B>(body: B) -> Request<B> {
    Request::put(URL).body(body).unwrap()
}

/// A stream of three frames, of four bytes each.
struct Rows(VecDeque<&'static str>);

impl http_body::Body for Rows {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let row = self.0.pop_front();
        Poll::Ready(row.map(|row| Ok(Frame::data(Bytes::from_static(row.as_bytes())))))
    }
}

fn stream(limit: usize) -> Body {
    Body::stream_with_limit(Rows(VecDeque::from(["1111", "2222", "3333"])), limit)
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_exactly_its_limit_is_sent_again_whole() {
    let (upstream, report) = send(stream(12), [(4, 503), (0, 503), (2, 503), (4, 200)]).await;
    assert_eq!(
        upstream.taken(),
        ["111122223333.", "", "11112222", "111122223333."]
    );
    assert_eq!(report.stop_reason(), StopReason::Answered);
}

#[tokio::test(start_paused = true)]
async fn a_stream_past_its_limit_is_sent_once_and_whole() {
    let (upstream, report) = send(stream(11), [(4, 503)]).await;
    assert_eq!(upstream.taken(), ["111122223333."]);
    assert_eq!(report.stop_reason(), StopReason::BodyNotReplayable);
    assert_eq!(report.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_stream_is_the_reason_also_where_there_is_no_time_for_a_retry() {
    let stopped = async |limit| {
        let service = service_fn(async |request: Request<Body>| {
            request.into_body().frame().await;
            Ok::<_, Infallible>(answer(503))
        });
        let mut request = put(stream(limit));
        let soon = clock::now() + millis(10);
        request.extensions_mut().insert(crate::Deadline::at(soon));
        let answer = layer().layer(service).oneshot(request).await.unwrap();
        Report::in_extensions(&answer).unwrap().stop_reason()
    };
    assert_eq!(stopped(0).await, StopReason::BodyNotReplayable);
    assert_eq!(stopped(12).await, StopReason::DeadlineTooNear);
}

#[tokio::test(start_paused = true)]
async fn a_one_shot_stream_is_sent_again_only_if_nothing_of_it_was_taken() {
    let (upstream, _) = send(stream(0), [(0, 503), (4, 200)]).await;
    assert_eq!(upstream.taken(), ["", "111122223333."]);

    let (upstream, report) = send(stream(0), [(1, 503)]).await;
    assert_eq!(upstream.taken(), ["1111"]);
    assert_eq!(report.stop_reason(), StopReason::BodyNotReplayable);
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_attempt_still_holds_ends_with_an_error() {
    let (upstream, _) = send(stream(12), [(1, 503), (2, 503), (1, 200)]).await;
    assert_eq!(upstream.taken(), ["1111", "11112222", "1111"]);
    for attempt in [0, 1] {
        let held = upstream.held(attempt).await.expect("no clean end");
        assert_eq!(held.unwrap_err(), "a later attempt sends this stream");
    }
    // The last attempt was answered early, and goes on.
    assert_eq!(upstream.held(2).await, Some(Ok("2222".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_without_a_retry_goes_on_with_its_stream() {
    for (status, reason) in [(200, StopReason::Answered), (404, StopReason::Permanent)] {
        let (upstream, report) = send(stream(12), [(1, status)]).await;
        assert_eq!(report.stop_reason(), reason);
        assert_eq!(upstream.held(0).await, Some(Ok("2222".to_owned())));
    }
    let (upstream, report) = send(stream(12), [(1, 503); 4]).await;
    assert_eq!(report.stop_reason(), StopReason::AttemptsExhausted);
    assert_eq!(upstream.held(3).await, Some(Ok("2222".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_reads_on_during_the_backoff_costs_no_retry() {
    let upstream = Taker::default();
    let (first, answers) = (
        upstream.clone(),
        Arc::new(Mutex::new([503, 200].into_iter())),
    );
    let service = service_fn(move |request: Request<Body>| {
        let upstream = upstream.clone();
        let status = answers.lock().unwrap().next().expect("two attempts");
        async move {
            upstream
                .take(request, if status == 200 { 4 } else { 1 })
                .await;
            Ok::<_, Infallible>(answer(status))
        }
    });
    let call = tokio::spawn(layer().layer(service).oneshot(put(stream(8))));
    settle().await;

    // Past its limit, were it still allowed to read.
    assert!(first.held(0).await.expect("no clean end").is_err());
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
    assert_eq!(first.taken(), ["1111", "111122223333."]);
}

/// A body whose connection reads on between the question and the decision.
struct Raced(Arc<AtomicUsize>);

impl Replay for Raced {
    fn replay(&self) -> Option<Self> {
        Some(Self(Arc::clone(&self.0)))
    }

    fn take_over(&mut self) -> bool {
        self.0.fetch_add(1, SeqCst) > 0
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_lost_at_the_last_moment_costs_no_budget() {
    // One retry in a minute, for everybody.
    let policy = payments().backoff(steady()).budget(0.01, 1).build();
    let layer = RetryLayer::new(Upstreams::new(policy.unwrap()));
    let service = layer.layer(service_fn(async |_: Request<Raced>| {
        Ok::<_, Infallible>(answer(503))
    }));
    let taken = Arc::default();
    let sent = async || {
        let request = put(Raced(Arc::clone(&taken)));
        let answer = service.clone().oneshot(request).await.unwrap();
        let report = Report::in_extensions(&answer).unwrap();
        (report.attempts(), report.stop_reason())
    };
    assert_eq!(sent().await, (1, StopReason::BodyNotReplayable));
    assert_eq!(sent().await, (2, StopReason::BudgetExhausted));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_drops_its_stream() {
    let alive = Arc::new(());
    let body = Body::stream(Held(Arc::clone(&alive)));
    let service = service_fn(async |request: Request<Body>| {
        request.into_body().frame().await;
        Ok::<_, Infallible>(answer(503))
    });
    let call = tokio::spawn(layer().layer(service).oneshot(put(body)));
    settle().await;
    assert_eq!(Arc::strong_count(&alive), 2);

    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert_eq!(Arc::strong_count(&alive), 1);
}

struct Held(Arc<()>);

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        assert!(Arc::strong_count(&self.0) > 0);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"row")))))
    }
}

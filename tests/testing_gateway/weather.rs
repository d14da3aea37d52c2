//! What the gateway is like for everybody: latency, maintenance, limits, a closed door.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use crate::http1::{Http1, ask, payment};
use crate::http2::Http2;
use crate::{assert_ledger, gateway, soon, until};

const LONG: Duration = Duration::from_secs(3_600);
const SHORT: Duration = Duration::from_millis(50);

#[expect(clippy::disallowed_methods, reason = "the time of a real socket")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::test]
async fn latency_delays_the_answer_but_not_the_charge() {
    let gateway = gateway().await;
    gateway.latency(SHORT);
    let start = now();
    assert_eq!(ask(&gateway, &payment("a")).await.status, 200);
    assert!(start.elapsed() >= SHORT);

    gateway.latency(LONG);
    let mut slow = Http1::connect(&gateway).await;
    slow.send(&payment("b")).await;
    until(|| gateway.charges_for("b") == 1).await;

    gateway.latency(Duration::ZERO);
    let again = ask(&gateway, &payment("b")).await;
    assert_eq!(again.status, 409, "it is still being carried out");
    assert_eq!(gateway.counts().conflicts, 1);
    assert_ledger(&gateway, 2, 2);
}

#[tokio::test]
async fn maintenance_answers_503_with_retry_after_until_it_ends() {
    let gateway = gateway().await;
    gateway.maintenance(LONG, Some(Duration::from_secs(1_200)));
    let mut http1 = Http1::connect(&gateway).await;
    let answer = http1.pay("a").await;
    assert_eq!(answer.status, 503);
    assert!(answer.has("retry-after: 1200\r\n"));

    gateway.maintenance(LONG, None);
    let answer = http1.pay("a").await;
    assert_eq!(answer.status, 503);
    assert!(!answer.has("retry-after"));
    assert_eq!(gateway.counts().in_maintenance, 2);
    assert_ledger(&gateway, 0, 1);

    gateway.maintenance(Duration::ZERO, None);
    assert_eq!(http1.pay("a").await.status, 200);
    assert_ledger(&gateway, 1, 1);
}

#[tokio::test]
async fn a_rate_above_the_limit_is_answered_429() {
    let gateway = gateway().await;
    gateway.rate_limit(Some(0));
    let mut http1 = Http1::connect(&gateway).await;
    let answer = http1.pay("a").await;
    assert_eq!(answer.status, 429);
    assert!(answer.has("retry-after: 1\r\n"));
    assert_eq!(gateway.counts().rate_limited, 1);
    assert_ledger(&gateway, 0, 1);

    gateway.rate_limit(None);
    assert_eq!(http1.pay("a").await.status, 200);
}

#[tokio::test]
async fn a_full_queue_is_answered_with_a_bare_503() {
    let gateway = gateway().await;
    gateway.queue_limit(Some(1));
    gateway.latency(LONG);
    let mut slow = Http1::connect(&gateway).await;
    slow.send(&payment("a")).await;
    until(|| gateway.counts().in_progress == 1).await;

    let answer = ask(&gateway, &payment("b")).await;
    assert_eq!(answer.status, 503);
    assert!(!answer.has("retry-after"));
    assert_eq!(gateway.counts().queue_full, 1);

    drop(slow);
    until(|| gateway.counts().in_progress == 0).await;
    gateway.latency(Duration::ZERO);
    assert_eq!(ask(&gateway, &payment("b")).await.status, 200);
    assert_ledger(&gateway, 2, 2);
}

#[tokio::test]
async fn a_closed_door_refuses_connections_at_once_and_until_it_opens() {
    let gateway = gateway().await;
    assert_eq!(ask(&gateway, &payment("a")).await.status, 200);
    gateway.refuse(LONG);
    let refused = Http1::try_connect(&gateway)
        .await
        .err()
        .expect("no connection");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(gateway.counts().requests, 1);

    gateway.calm();
    assert_eq!(ask(&gateway, &payment("b")).await.status, 200);
    assert_ledger(&gateway, 2, 2);
}

#[tokio::test]
async fn a_closed_door_opens_by_itself() {
    let gateway = gateway().await;
    gateway.refuse(SHORT);
    assert!(Http1::try_connect(&gateway).await.is_err());
    soon(async {
        while Http1::try_connect(&gateway).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(ask(&gateway, &payment("a")).await.status, 200);
}

#[tokio::test]
async fn a_closed_door_ends_the_open_connections_when_they_are_idle() {
    let gateway = gateway().await;
    let mut idle = Http1::connect(&gateway).await;
    assert_eq!(idle.pay("a").await.status, 200);
    gateway.latency(Duration::from_millis(500));
    let mut busy = Http1::connect(&gateway).await;
    busy.send(&payment("b")).await;
    let mut http2 = Http2::connect(&gateway).await;
    let stream = http2.pay("c");
    until(|| gateway.charges().len() == 3).await;

    gateway.refuse(LONG);
    assert_eq!(idle.rest().await.0, "");
    assert_eq!(busy.answer().await.status, 200);
    assert_eq!(busy.rest().await.0, "");
    assert_eq!(stream.status().await, 200);
    assert!(http2.end().await.is_ok());
    assert_ledger(&gateway, 3, 3);
}

//! The client, end to end, against a server that misbehaves. Real sockets, real time, no sleeps.
#![cfg(feature = "client")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::{Duration, Instant};

use seawall::policy::Failure;
use seawall::{
    Backoff, Client, Delivery, Error, ErrorKind, Jitter, Policy, PolicyBuilder, Provider, Response,
    StopReason,
};
use support::{Act, Peer};

const TENTH: Duration = Duration::from_millis(100);

fn quick(policy: &Policy) -> PolicyBuilder {
    let backoff = Backoff::new(TENTH, 1.0, TENTH, Jitter::Proportional(0.1)).unwrap();
    policy.to_builder().backoff(backoff).budget(0.5, 10)
}

fn payments() -> PolicyBuilder {
    quick(&Policy::external_payments(Provider::generic()))
}

/// No key is honoured here.
fn unkeyed() -> PolicyBuilder {
    quick(&Policy::external())
}

async fn post(policy: PolicyBuilder, url: &str) -> Result<Response, Error> {
    let client = Client::builder(policy.build().unwrap()).build().unwrap();
    client.post(url).body("{\"amount\":1000}").send().await
}

/// The keys of the requests, as they came.
fn keys(peer: &Peer) -> Vec<String> {
    let key = |request: &String| {
        let line = request
            .lines()
            .find(|line| line.starts_with("idempotency-key: "));
        line.unwrap().to_owned()
    };
    peer.requests().iter().map(key).collect()
}

/// A keyed payment is sent again, and a payment without a key is not.
async fn lost(act: Act, failure: Failure) {
    let peer = Peer::new([act, Act::AnswerAndClose]).await;
    let paid = post(payments(), &peer.url()).await.unwrap();
    assert_eq!((paid.status().as_u16(), paid.report().attempts()), (201, 2));
    assert_eq!(paid.report().delivery(), Delivery::Done);
    let keys = keys(&peer);
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    let sent = paid.report().idempotency_key().unwrap().to_string();
    assert!(keys[0].ends_with(&sent));
    assert!(
        peer.requests()
            .iter()
            .all(|request| request.ends_with("{\"amount\":1000}"))
    );
    assert_eq!(paid.text().await.unwrap(), "paid");

    let peer = Peer::new([act, Act::AnswerAndClose]).await;
    let error = post(unkeyed(), &peer.url()).await.unwrap_err();
    assert_eq!(error.failure(), Some(failure));
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.report().stop_reason(), StopReason::NotIdempotent);
    assert_eq!((error.report().attempts(), peer.connections()), (1, 1));
    assert_eq!(error.retry_at(), None);
    assert_eq!(error.code(), "upstream_outcome_unknown");
}

#[tokio::test]
async fn it_refuses_and_nothing_was_sent() {
    let peer = Peer::new([]).await;
    // Wait until nobody listens any more.
    while tokio::net::TcpStream::connect(peer.url()[7..].split('/').next().unwrap())
        .await
        .is_ok()
    {}
    let error = post(unkeyed(), &peer.url()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(error.failure(), Some(Failure::Refused));
    assert_eq!(error.delivery(), Delivery::NotSent);
    // Without a key too: it was not sent.
    assert_eq!(error.report().attempts(), 3);
    assert_eq!(error.report().stop_reason(), StopReason::AttemptsExhausted);
    assert!(error.retry_at().is_some() && error.report().waited() >= 2 * TENTH * 9 / 10);
}

#[tokio::test]
async fn it_resets_before_reading() {
    lost(Act::ResetUnread, Failure::Reset).await;
}

#[tokio::test]
async fn it_resets_after_reading() {
    lost(Act::ResetRead, Failure::Reset).await;
}

#[tokio::test]
async fn it_answers_half_a_head() {
    lost(Act::HalfAHead, Failure::Incomplete).await;
}

#[tokio::test]
async fn it_stalls_and_the_attempt_timeout_ends_it() {
    let impatient = || unkeyed().attempt_timeout(2 * TENTH);
    let peer = Peer::new([Act::Stall]).await;
    let start = now();
    let error = post(impatient(), &peer.url()).await.unwrap_err();
    assert!(start.elapsed() >= 2 * TENTH);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!((error.report().attempts(), peer.connections()), (1, 1));

    let peer = Peer::new([Act::Stall, Act::AnswerAndClose]).await;
    let keyed = payments().attempt_timeout(2 * TENTH);
    let paid = post(keyed, &peer.url()).await.unwrap();
    assert_eq!((paid.status().as_u16(), paid.report().attempts()), (201, 2));
    assert_eq!(keys(&peer)[0], keys(&peer)[1]);
}

#[expect(clippy::disallowed_methods, reason = "real sockets, real time")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::test]
async fn it_closes_idle_connections_and_no_caller_sees_it() {
    let peer = Peer::new([Act::AnswerAndClose; 20]).await;
    let policy = unkeyed().build().unwrap();
    let client = Client::builder(policy).build().unwrap();
    for _ in 0..20 {
        let paid = client.post(peer.url()).body("{}").send().await.unwrap();
        assert_eq!(paid.report().attempts(), 1);
        assert_eq!(paid.text().await.unwrap(), "paid");
        // Lets the client see the end of the connection.
        for _ in 0..32 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(peer.connections(), 20);
}

//! Calls of a payment gateway, well and unwell.

use std::time::{Duration, Instant};

use seawall::testing::{Fault, Gateway};
use serde_json::Value;

use crate::support::{PAYMENTS, Sidecar, Upstream, nowhere, until};

/// One attempt, which is given up early; and a gateway that promises nothing.
const ONCE: &str = "
    preset = 'external_payments'
    provider = 'none'
    attempt_timeout = '300ms'
    deadline = '4s'
    max_attempts = 1
";

fn keyed_once() -> String {
    ONCE.replace("none", "generic")
}

async fn gateway() -> Gateway {
    Gateway::start().await.unwrap()
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_with_the_same_key() {
    let gateway = gateway().await;
    gateway.next(Fault::CommitThenDrop);
    let sidecar = Sidecar::start(&gateway.url(), PAYMENTS).await;
    let paid = sidecar.post("/payments", "", "{}").await;
    assert_eq!((paid.status, paid.told()), (200, ["2", "done", "answered"]));
    assert_eq!(gateway.charges().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_of_a_gateway_without_keys_is_an_unknown_outcome() {
    let gateway = gateway().await;
    gateway.next(Fault::CommitThenDrop);
    let sidecar = Sidecar::start(&gateway.url(), &PAYMENTS.replace("generic", "none")).await;
    let lost = sidecar.post("/payments", "", "{}").await;
    assert_eq!(lost.status, 502);
    assert_eq!(lost.told(), ["1", "unknown", "not_idempotent"]);
    assert_eq!(lost.problem()["code"], "payment_outcome_unknown");
    assert_eq!(lost.seconds(), None);
    assert_eq!(gateway.charges().len(), 1);
}

#[tokio::test]
async fn maintenance_passes_once_and_is_then_answered_here() {
    let gateway = gateway().await;
    let twenty_minutes = Duration::from_secs(1200);
    gateway.maintenance(twenty_minutes, Some(twenty_minutes));
    let sidecar = Sidecar::start(&gateway.url(), PAYMENTS).await;

    let theirs = sidecar.post("/payments", "", "{}").await;
    assert_eq!(theirs.status, 503);
    assert_eq!(theirs.told(), ["1", "rejected", "deadline_too_near"]);
    assert_eq!(theirs.body, r#"{"status":"Service Unavailable"}"#);
    // The gate ends with a jitter, and nobody is told to come before.
    let later = theirs.seconds().unwrap();
    assert!((1201..=1400).contains(&later), "{later}");

    let secret = "authorization: Bearer s3cret\r\n";
    let ours = sidecar
        .post("/payments?card=s3cret", secret, "s3cret")
        .await;
    assert_eq!(
        (ours.status, ours.told()),
        (503, ["0", "not_sent", "gate_closed"])
    );
    let problem = ours.problem();
    assert_eq!(problem["code"], "payment_gateway_unavailable");
    assert!(problem["retry_at"].is_string(), "{problem}");
    assert!((1190..=1500).contains(&ours.seconds().unwrap()));
    assert!(!ours.head.contains("s3cret") && !ours.body.contains("s3cret"));
    assert_eq!(gateway.counts().requests, 1);
}

#[tokio::test]
async fn an_answer_of_any_status_passes_as_it_is() {
    let gateway = gateway().await;
    let sidecar = Sidecar::start(&gateway.url(), ONCE).await;
    for (fault, status, delivery) in [
        (Fault::InternalError, 500, "unknown"),
        (Fault::Unavailable, 503, "unknown"),
        (Fault::Unauthorized, 401, "rejected"),
        (Fault::TooManyRequests, 429, "rejected"),
    ] {
        gateway.next(fault);
        let answer = sidecar.post("/payments", "", "{}").await;
        assert_eq!(
            (answer.status, answer.told()[..2].to_vec()),
            (status, vec!["1", delivery])
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.json()["code"].is_null(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_a_502_and_nothing_was_sent() {
    let sidecar = Sidecar::start(&nowhere().await, ONCE).await;
    let failed = sidecar.post("/payments", "", "{}").await;
    assert_eq!(failed.status, 502);
    assert_eq!(failed.told(), ["1", "not_sent", "attempts_exhausted"]);
    assert_eq!(failed.problem()["code"], "payment_gateway_unreachable");
    assert!(failed.seconds().unwrap() >= 1);
}

#[tokio::test]
async fn who_has_no_key_of_its_own_is_not_invited_to_pay_again() {
    let gateway = gateway().await;
    let sidecar = Sidecar::start(&gateway.url(), &keyed_once()).await;
    gateway.next(Fault::Stall);
    let lost = sidecar.post("/payments", "", "{}").await;
    assert_eq!(
        (lost.status, lost.told()),
        (504, ["1", "unknown", "attempts_exhausted"])
    );
    let problem = lost.problem();
    assert_eq!(lost.seconds(), None);
    // With the key it may come again, and it can know when.
    let key = lost.header("seawall-idempotency-key").unwrap();
    assert_eq!(problem["idempotency_key"], key);
    assert!(problem["retry_at"].is_string(), "{problem}");

    gateway.next(Fault::Stall);
    let own = sidecar
        .post("/payments", "idempotency-key: 17\r\n", "{}")
        .await;
    assert_eq!((own.status, own.told()[1]), (504, "unknown"));
    assert!(own.seconds().unwrap() >= 1);

    gateway.next(Fault::Stall);
    let read = sidecar.get("/payments/17", "").await;
    assert_eq!((read.status, read.told()[1]), (504, "unknown"));
    assert!(read.seconds().unwrap() >= 1);
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_invites_only_who_has_a_key_of_its_own() {
    for (key, is_invited) in [("", false), ("idempotency-key: 17\r\n", true)] {
        let gateway = gateway().await;
        let minute = Duration::from_secs(60);
        gateway.next(Fault::CommitThenDrop);
        let policy = PAYMENTS.replace("100ms", "1s");
        let sidecar = Sidecar::start(&gateway.url(), &policy).await;
        let maintenance = async {
            until(async || gateway.counts().requests == 1).await;
            gateway.maintenance(minute, Some(minute));
        };
        let (theirs, ()) = tokio::join!(sidecar.post("/payments", key, "{}"), maintenance);
        assert_eq!((theirs.status, theirs.told()[1]), (503, "unknown"));
        assert_eq!(theirs.seconds().is_some(), is_invited, "{theirs:?}");
        // What is refused before it was sent is everybody's to send again.
        let ours = sidecar.post("/payments", "", "{}").await;
        assert_eq!((ours.status, ours.told()[1]), (503, "not_sent"));
        assert!(ours.seconds().unwrap() >= 59);
    }
}

#[tokio::test]
async fn a_key_that_is_not_honoured_makes_nothing_harmless() {
    let late =
        "HTTP/1.1 504 Late\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let upstream = Upstream::answering(late).await;
    let key = "idempotency-key: 17\r\n";
    for (policy, is_invited) in [(ONCE, false), (&*keyed_once(), true)] {
        let sidecar = Sidecar::start(&upstream.url(), policy).await;
        let lost = sidecar.post("/payments", key, "{}").await;
        assert_eq!((lost.status, lost.told()[1]), (504, "unknown"));
        assert_eq!(lost.seconds().is_some(), is_invited, "{lost:?}");
    }
}

#[tokio::test]
async fn a_tighter_deadline_holds() {
    let gateway = gateway().await;
    let policy = PAYMENTS.replace("'2s'", "'5s'");
    let sidecar = Sidecar::start(&gateway.url(), &policy).await;
    gateway.next(Fault::Stall);
    let begun = Instant::now();
    let late = sidecar
        .post("/payments", "seawall-deadline: 300ms\r\n", "{}")
        .await;
    assert!(begun.elapsed().as_millis() < 2_000);
    assert_eq!((late.status, late.told()[1]), (504, "unknown"));

    let never = sidecar
        .post("/payments", "seawall-deadline: 0s\r\n", "{}")
        .await;
    assert_eq!(
        (never.status, never.told()[..2].to_vec()),
        (503, vec!["0", "not_sent"])
    );
    never.problem();
    assert_eq!(never.seconds(), Some(1), "a 503 says when");
    assert_eq!(gateway.counts().requests, 1);

    let wrong = sidecar
        .post("/payments", "seawall-deadline: soon\r\n", "{}")
        .await;
    assert_eq!((wrong.status, wrong.told()[0]), (400, "0"));
    assert_eq!(wrong.problem()["code"], "bad_header");
    assert_eq!(gateway.counts().requests, 1);
}

#[tokio::test]
async fn a_retry_that_is_refused_after_an_unknown_outcome_is_no_503() {
    let gateway = gateway().await;
    let policy = PAYMENTS.replace("100ms", "1s");
    let sidecar = Sidecar::start(&gateway.url(), &policy).await;
    gateway.next(Fault::CommitThenDrop);
    let operator = async {
        until(async || gateway.counts().requests == 1).await;
        let name = gateway.url().replace(':', "%3A").replace('/', "%2F");
        let path = format!("/upstreams/{name}/open?for=20m&reason=ticket+4711");
        assert_eq!(sidecar.operate("POST", &path).await.status, 200);
    };
    let (lost, ()) = tokio::join!(sidecar.post("/payments", "", "{}"), operator);
    assert_eq!(
        (lost.status, lost.told()),
        (504, ["1", "unknown", "maintenance"])
    );
    assert_eq!(lost.seconds(), None);
    assert_ne!(lost.problem()["idempotency_key"], Value::Null);

    // And one that was never sent is.
    let refused = sidecar.post("/payments", "", "{}").await;
    assert_eq!(
        (refused.status, refused.told()),
        (503, ["0", "not_sent", "maintenance"])
    );
    let problem = refused.problem();
    assert!(
        problem["detail"].as_str().unwrap().contains("ticket 4711"),
        "{problem}"
    );
    assert!(refused.seconds().unwrap() >= 1199);
}

#[tokio::test]
async fn a_body_of_the_callers_that_breaks_is_the_callers_fault() {
    let gateway = gateway().await;
    let sidecar = Sidecar::start(&gateway.url(), PAYMENTS).await;
    let head = "POST /payments HTTP/1.1\r\nhost: me\r\ntransfer-encoding: chunked\r\n\r\n";
    let broken = sidecar
        .ask(&format!("{head}2\r\n{{}}\r\nno number\r\n"))
        .await;
    assert_eq!(broken.status, 400);
    broken.problem();
    assert_eq!(gateway.charges().len(), 0);
}

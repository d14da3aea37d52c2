//! Idempotency keys: the caller's own, and those that are added.

use std::time::Instant;

use seawall::testing::Gateway;

use crate::support::{PAYMENTS, Sidecar};

async fn gateway() -> Gateway {
    Gateway::start().await.unwrap()
}

#[tokio::test]
async fn a_payment_without_a_key_gets_one_and_is_told_it() {
    let gateway = gateway().await;
    let sidecar = Sidecar::start(&gateway.url(), PAYMENTS).await;
    let paid = sidecar.post("/payments", "", "{}").await;

    assert_eq!((paid.status, paid.told()), (200, ["1", "done", "answered"]));
    let charge = &gateway.charges()[0];
    assert_eq!(
        paid.header("seawall-idempotency-key"),
        charge.key.as_deref()
    );
    assert_eq!(paid.json()["key"].as_str(), charge.key.as_deref());
    assert_eq!((&*charge.path, &charge.body[..]), ("/payments", &b"{}"[..]));
}

#[tokio::test]
async fn a_callers_own_key_is_never_replaced() {
    let gateway = gateway().await;
    let sidecar = Sidecar::start(&gateway.url(), PAYMENTS).await;
    let paid = sidecar
        .post("/payments", "idempotency-key: order-17\r\n", "{}")
        .await;
    assert_eq!(paid.header("seawall-idempotency-key"), Some("order-17"));
    assert_eq!(gateway.charges_for("order-17"), 1);
}

#[tokio::test]
async fn a_preset_without_keys_adds_none() {
    let gateway = gateway().await;
    let sidecar = Sidecar::start(&gateway.url(), "preset = 'internal'").await;
    let paid = sidecar.post("/payments", "", "{}").await;
    assert_eq!((paid.status, paid.told()), (200, ["1", "done", "answered"]));
    assert_eq!(paid.header("seawall-idempotency-key"), None);
    assert_eq!(gateway.charges()[0].key, None);
}

#[tokio::test]
async fn a_key_belongs_to_one_request() {
    let gateway = gateway().await;
    let sidecar = Sidecar::start(&gateway.url(), PAYMENTS).await;
    let key = "idempotency-key: order-17\r\n";
    assert_eq!(sidecar.post("/payments", key, "{}").await.status, 200);
    let other = sidecar.post("/payments", key, "{ }").await;
    assert_eq!(
        (other.status, other.told()[..2].to_vec()),
        (422, vec!["0", "not_sent"])
    );
    assert_eq!(other.problem()["code"], "payment_request_invalid");
    assert_eq!(sidecar.post("/payments", key, "{}").await.status, 200);
    assert_eq!(gateway.counts().requests, 2);
}

#[tokio::test]
async fn a_body_that_comes_as_a_stream_is_the_gateways_to_compare() {
    let gateway = gateway().await;
    let sidecar = Sidecar::start(&gateway.url(), PAYMENTS).await;
    let key = "idempotency-key: order-17\r\n";
    assert_eq!(sidecar.post("/payments", key, "{}").await.status, 200);
    let head = format!("POST /payments HTTP/1.1\r\nhost: me\r\nconnection: close\r\n{key}");
    let chunks = "transfer-encoding: chunked\r\n\r\n3\r\n{ }\r\n0\r\n\r\n";
    let other = sidecar.ask(&format!("{head}{chunks}")).await;
    assert_eq!((other.status, other.told()[0]), (422, "1"));
    assert_eq!(gateway.charges().len(), 1);
}

#[tokio::test]
async fn a_keyed_body_that_does_not_come_is_given_up() {
    let gateway = gateway().await;
    let policy = PAYMENTS
        .replace("'2s'", "'300ms'")
        .replace("'5s'", "'500ms'");
    for (policy, wish) in [(&*policy, ""), (PAYMENTS, "seawall-deadline: 500ms\r\n")] {
        let sidecar = Sidecar::start(&gateway.url(), policy).await;
        let head = "POST /payments HTTP/1.1\r\nhost: me\r\nidempotency-key: 17\r\n";
        let begun = Instant::now();
        let slow = sidecar
            .ask(&format!("{head}{wish}content-length: 2\r\n\r\n{{"))
            .await;
        assert!(begun.elapsed().as_secs() < 3);
        assert_eq!((slow.status, slow.told()[0]), (408, "0"));
        assert_eq!(slow.problem()["code"], "slow_body");
    }
    assert_eq!(gateway.counts().requests, 0);
}

#[tokio::test]
async fn a_key_that_is_none_is_the_callers_fault() {
    let gateway = gateway().await;
    let sidecar = Sidecar::start(&gateway.url(), PAYMENTS).await;
    let empty = sidecar
        .post("/payments", "idempotency-key: \r\n", "{}")
        .await;
    assert_eq!((empty.status, empty.told()[0]), (400, "0"));
    empty.problem();
    assert_eq!(gateway.counts().requests, 0);
}

#[tokio::test]
async fn a_key_past_its_life_is_not_sent() {
    let gateway = gateway().await;
    let sidecar = Sidecar::start(&gateway.url(), PAYMENTS).await;
    let key = "idempotency-key: order-17\r\nseawall-first-sent-at: 2001-01-01T00:00:00Z\r\n";
    let old = sidecar.post("/payments", key, "{}").await;
    assert_eq!(
        (old.status, old.told()[..2].to_vec()),
        (422, vec!["0", "unknown"])
    );
    assert_eq!(gateway.counts().requests, 0);
}

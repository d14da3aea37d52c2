//! A calm gateway: payments, keys, questions.

use std::time::Duration;

use seawall::testing::Gateway;

use crate::http1::{Http1, ask, payment, request};
use crate::{assert_ledger, gateway};

#[tokio::test]
async fn a_payment_is_charged_and_in_the_ledger() {
    let gateway = gateway().await;
    let order = request("POST", "/v1/charges?secret", "a", r#"{"amount":1}"#);
    let answer = ask(&gateway, &order).await;

    assert_eq!(answer.status, 200);
    assert!(answer.has(r#"{"id":"ch_1","status":"paid","key":"a"}"#));
    assert!(answer.has("content-type: application/json"));
    assert!(!answer.has("idempotent-replayed"));
    let charges = gateway.charges();
    assert_eq!(charges.len(), 1);
    assert_eq!(charges[0].id, "ch_1");
    assert_eq!(charges[0].key.as_deref(), Some("a"));
    assert_eq!(charges[0].path, "/v1/charges");
    assert_eq!(charges[0].body, r#"{"amount":1}"#);
}

#[tokio::test]
async fn the_same_payment_with_its_key_is_replayed() {
    let gateway = gateway().await;
    let mut http1 = Http1::connect(&gateway).await;
    assert_eq!(http1.pay("a").await.status, 200);
    let replayed = http1.pay("a").await;

    assert_eq!(replayed.status, 200);
    assert!(replayed.has("idempotent-replayed: true"));
    assert!(replayed.has(r#""id":"ch_1""#));
    assert_eq!(gateway.charges_for("a"), 1);
    assert_eq!(gateway.counts().replays, 1);
    assert_ledger(&gateway, 1, 1);
}

#[tokio::test]
async fn the_same_payment_without_a_key_is_charged_again() {
    let gateway = gateway().await;
    let without = payment("a").replace("idempotency-key: a\r\n", "");
    for id in ["ch_1", "ch_2"] {
        let answer = ask(&gateway, &without).await;
        assert!(answer.has(&format!(r#"{{"id":"{id}","status":"paid","key":null}}"#)));
    }
    assert_ledger(&gateway, 2, 0);
}

#[tokio::test]
async fn a_key_is_refused_to_another_payment() {
    let gateway = gateway().await;
    ask(&gateway, &payment("a")).await;
    let other_body = request("POST", "/payments", "a", "[]");
    let other_path = request("POST", "/refunds", "a", "{}");
    assert_eq!(ask(&gateway, &other_body).await.status, 422);
    assert_eq!(ask(&gateway, &other_path).await.status, 422);
    assert_eq!(gateway.counts().mismatches, 2);
    assert_ledger(&gateway, 1, 1);
}

#[tokio::test]
async fn a_question_is_answered_by_the_key() {
    let gateway = gateway().await;
    let question = "GET /payments/a HTTP/1.1\r\nhost: gateway.test\r\n\r\n";
    let before = ask(&gateway, question).await;
    assert_eq!(before.status, 404);
    assert!(before.has(r#"{"status":"unknown"}"#));

    ask(&gateway, &payment("a")).await;
    let after = ask(&gateway, question).await;
    assert_eq!(after.status, 200);
    assert!(after.has(r#"{"id":"ch_1","status":"paid","key":"a"}"#));
    assert_ledger(&gateway, 1, 1);
}

#[tokio::test]
async fn no_other_method_is_taken() {
    let gateway = gateway().await;
    for method in ["PUT", "PATCH", "DELETE"] {
        let answer = ask(&gateway, &request(method, "/payments", "a", "{}")).await;
        assert_eq!(answer.status, 405, "{method}");
    }
    assert_ledger(&gateway, 0, 1);
}

#[tokio::test]
async fn the_key_header_has_the_name_that_it_was_given() {
    let builder = Gateway::builder().key_header("X-Request-Key");
    let gateway = builder.start().await.expect("a free port");
    ask(&gateway, &payment("a")).await;
    let named = payment("b").replace("idempotency-key", "x-request-key");
    ask(&gateway, &named).await;

    let keys: Vec<_> = gateway
        .charges()
        .into_iter()
        .map(|charge| charge.key)
        .collect();
    assert_eq!(keys, [None, Some("b".to_owned())]);
}

#[tokio::test]
async fn a_key_header_that_is_none_is_an_error() {
    let builder = Gateway::builder().key_header("no header");
    let error = builder.start().await.expect_err("it has a space");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("\"no header\""), "{error}");
}

#[tokio::test]
async fn a_key_that_lives_for_no_time_is_charged_again() {
    let builder = Gateway::builder().key_life(Duration::ZERO);
    let gateway = builder.start().await.expect("a free port");
    ask(&gateway, &payment("a")).await;
    ask(&gateway, &payment("a")).await;
    assert_eq!(gateway.charges_for("a"), 2);
    assert_ledger(&gateway, 2, 1);
}

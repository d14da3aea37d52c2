//! Each fault on HTTP/1.1.

use std::io::ErrorKind;

use seawall::testing::{Fault, Gateway};

use crate::http1::{Http1, ask, pay_to_the_end, payment};
use crate::{assert_ledger, gateway_with, until};

/// The payment is sent again with its key, on a calm gateway: it is charged once in all.
async fn assert_settled_by_its_key(gateway: &Gateway, replayed: bool) {
    let again = ask(gateway, &payment("a")).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.has("idempotent-replayed: true"), replayed);
    assert_eq!(gateway.charges_for("a"), 1);
}

/// The status of a payment that meets this fault, after which its connection goes on.
async fn status_with(fault: Fault, charges: usize) -> (u16, String) {
    let gateway = gateway_with(fault).await;
    let mut http1 = Http1::connect(&gateway).await;
    let answer = http1.pay("a").await;
    assert_eq!(gateway.counts().met(fault), 1);
    assert_ledger(&gateway, charges, 1);
    assert_eq!(http1.pay("a").await.status, 200);
    assert_eq!(gateway.charges_for("a"), 1);
    (answer.status, answer.text)
}

#[tokio::test]
async fn reset_before_read() {
    let gateway = gateway_with(Fault::ResetBeforeRead).await;
    let (text, end) = pay_to_the_end(&gateway, "a").await;

    assert_eq!(text, "");
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(gateway.counts().requests, 1);
    assert_eq!(gateway.counts().met(Fault::ResetBeforeRead), 1);
    assert_ledger(&gateway, 0, 0);
    assert_settled_by_its_key(&gateway, false).await;
}

#[tokio::test]
async fn reset_before_a_later_request_of_the_connection_is_read() {
    let gateway = gateway_with(Fault::Unavailable).await;
    gateway.next(Fault::ResetBeforeRead);
    let mut http1 = Http1::connect(&gateway).await;
    assert_eq!(http1.pay("a").await.status, 503);
    http1.send(&payment("b")).await;
    let (text, end) = http1.rest().await;

    assert_eq!(text, "");
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_ledger(&gateway, 0, 1);
}

#[tokio::test]
async fn reset_after_read() {
    let gateway = gateway_with(Fault::ResetAfterRead).await;
    let (text, end) = pay_to_the_end(&gateway, "a").await;

    assert_eq!(text, "");
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_ledger(&gateway, 0, 1);
    assert_settled_by_its_key(&gateway, false).await;
}

#[tokio::test]
async fn commit_then_drop() {
    let gateway = gateway_with(Fault::CommitThenDrop).await;
    let (text, end) = pay_to_the_end(&gateway, "a").await;

    assert_eq!(text, "");
    assert!(end.is_ok(), "{end:?}");
    assert_ledger(&gateway, 1, 1);
    assert_settled_by_its_key(&gateway, true).await;
}

#[tokio::test]
async fn commit_then_reset() {
    let gateway = gateway_with(Fault::CommitThenReset).await;
    let (text, end) = pay_to_the_end(&gateway, "a").await;

    assert_eq!(text, "");
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_ledger(&gateway, 1, 1);
    assert_settled_by_its_key(&gateway, true).await;
}

#[tokio::test]
async fn statuses_that_hide_a_charge() {
    let (status, text) = status_with(Fault::CommitThen503, 1).await;
    assert_eq!(status, 503);
    assert!(!text.contains("retry-after"), "{text}");
    assert_eq!(status_with(Fault::CommitThen500, 1).await.0, 500);
}

#[tokio::test]
async fn statuses_with_nothing_done() {
    assert_eq!(status_with(Fault::Unauthorized, 0).await.0, 401);
    assert_eq!(status_with(Fault::InternalError, 0).await.0, 500);
    assert_eq!(status_with(Fault::BadGateway, 0).await.0, 502);
    let (status, text) = status_with(Fault::Unavailable, 0).await;
    assert_eq!(status, 503);
    assert!(!text.contains("retry-after"), "{text}");
    let (status, text) = status_with(Fault::TooManyRequests, 0).await;
    assert_eq!(status, 429);
    assert!(text.contains("retry-after: 0\r\n"), "{text}");
}

#[tokio::test]
async fn request_timeout_ends_the_connection() {
    let gateway = gateway_with(Fault::Timeout408).await;
    let (text, end) = pay_to_the_end(&gateway, "a").await;

    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    assert!(end.is_ok(), "{end:?}");
    assert_ledger(&gateway, 0, 1);
}

#[tokio::test]
async fn half_head() {
    let gateway = gateway_with(Fault::HalfHead).await;
    let (text, end) = pay_to_the_end(&gateway, "a").await;

    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(!text.contains("\r\n\r\n"), "{text}");
    assert!(end.is_ok(), "{end:?}");
    assert_ledger(&gateway, 1, 1);
    assert_settled_by_its_key(&gateway, true).await;
}

#[tokio::test]
async fn truncated_body() {
    let gateway = gateway_with(Fault::TruncatedBody).await;
    let (text, end) = pay_to_the_end(&gateway, "a").await;

    let (head, body) = text.split_once("\r\n\r\n").expect("a whole head");
    assert!(head.contains("content-length: 39"), "{head}");
    assert_eq!(body, r#"{"id":"ch_1","statu"#);
    assert!(end.is_ok(), "{end:?}");
    assert_ledger(&gateway, 1, 1);
    assert_settled_by_its_key(&gateway, true).await;
}

#[tokio::test]
async fn stall_until_the_client_gives_up() {
    let gateway = gateway_with(Fault::Stall).await;
    let mut http1 = Http1::connect(&gateway).await;
    http1.send(&payment("a")).await;
    until(|| gateway.counts().keys == 1).await;

    assert_eq!(gateway.counts().in_progress, 1);
    drop(http1);
    until(|| gateway.counts().in_progress == 0).await;
    assert_ledger(&gateway, 0, 1);
    assert_settled_by_its_key(&gateway, false).await;
}

#[tokio::test]
async fn garbage() {
    let gateway = gateway_with(Fault::Garbage).await;
    let (text, end) = pay_to_the_end(&gateway, "a").await;

    assert!(!text.is_empty() && !text.starts_with("HTTP"), "{text}");
    assert!(end.is_ok(), "{end:?}");
    assert_ledger(&gateway, 0, 1);
    assert_settled_by_its_key(&gateway, false).await;
}

#[tokio::test]
async fn go_away_is_a_close_after_the_answer() {
    let gateway = gateway_with(Fault::GoAway).await;
    let (text, end) = pay_to_the_end(&gateway, "a").await;

    assert!(text.ends_with(r#""status":"paid","key":"a"}"#), "{text}");
    assert!(end.is_ok(), "{end:?}");
    assert_ledger(&gateway, 1, 1);
    assert_settled_by_its_key(&gateway, true).await;
}

#[tokio::test]
async fn refused_stream_is_a_close_before_reading() {
    let gateway = gateway_with(Fault::RefusedStream).await;
    let (text, _) = pay_to_the_end(&gateway, "a").await;

    assert_eq!(text, "");
    assert_eq!(gateway.counts().met(Fault::RefusedStream), 1);
    assert_ledger(&gateway, 0, 0);
    assert_settled_by_its_key(&gateway, false).await;
}

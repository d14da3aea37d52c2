//! What a customer is answered, over a real connection.

use seawall::testing::{Fault, Gateway};
use serde_json::Value;
use tokio::net::TcpListener;

use super::*;
use crate::outbox::tests::outbox;
use crate::service::browser;

/// A checkout that is up, and no worker behind it.
struct Shop {
    url: String,
    browser: seawall::Client,
}

/// An answer: status, Retry-After, body.
type Answer = (u16, Option<u64>, Value);

impl Shop {
    async fn at(gateway: &Gateway) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = router(outbox(gateway));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let browser = browser().unwrap();
        Self { url, browser }
    }

    async fn pay(&self, wish: &str) -> Answer {
        let request = self.browser.post(format!("{}/payments", self.url));
        let request = request.header("content-type", "application/json");
        read(request.body(wish.to_owned())).await
    }

    async fn get(&self, path: &str) -> Answer {
        read(self.browser.get(format!("{}{path}", self.url))).await
    }
}

async fn read(request: seawall::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER);
    let retry_after = retry_after.map(|value| value.to_str().unwrap().parse().unwrap());
    let body = response.bytes().await.unwrap();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    (status, retry_after, body)
}

#[tokio::test]
async fn a_payment_is_paid_at_once() {
    let gateway = Gateway::start().await.unwrap();
    let shop = Shop::at(&gateway).await;
    let (status, retry_after, body) = shop.pay(r#"{"order":"17","amount":1000}"#).await;
    assert_eq!((status, retry_after), (200, None));
    assert_eq!(body["status"], "paid");
    assert!(body.get("retry_at").is_none());
    let (status, _, shown) = shop.get("/payments/1").await;
    assert_eq!((status, shown), (200, body));
    assert_eq!(shop.get("/summary").await.2["paid"], 1);
}

#[tokio::test]
async fn a_payment_in_a_maintenance_is_pending_with_its_time() {
    let gateway = Gateway::start().await.unwrap();
    let shop = Shop::at(&gateway).await;
    let window = Duration::from_secs(1_200);
    gateway.maintenance(window, Some(window));
    let (status, retry_after, body) = shop.pay(r#"{"order":"17","amount":1000}"#).await;
    assert_eq!((status, &body["status"]), (202, &"pending".into()));
    assert!(
        retry_after.is_some_and(|wait| wait >= 1_199),
        "{retry_after:?}"
    );
    let retry_at = body["retry_at"].as_str().expect("a time");
    let retry_at = humantime::parse_rfc3339(retry_at).unwrap();
    assert!(retry_at > clock::now() + Duration::from_secs(1_190));
}

#[tokio::test]
async fn a_payment_whose_answers_are_lost_is_unknown_with_its_time() {
    let gateway = Gateway::start().await.unwrap();
    let shop = Shop::at(&gateway).await;
    gateway.fault(Fault::CommitThenDrop, 1.0);
    let (status, retry_after, body) = shop.pay(r#"{"order":"17","amount":1000}"#).await;
    assert_eq!((status, &body["status"]), (202, &"unknown".into()));
    assert!(retry_after.is_some() && body["retry_at"].is_string());
}

#[tokio::test]
async fn a_second_click_is_the_same_payment() {
    let gateway = Gateway::start().await.unwrap();
    let shop = Shop::at(&gateway).await;
    let wish = r#"{"order":"17","amount":1000}"#;
    let (one, two) = tokio::join!(shop.pay(wish), shop.pay(wish));
    assert_eq!(one.2["id"], two.2["id"]);
    let (status, _, body) = shop.pay(wish).await;
    assert_eq!((status, &body["status"]), (200, &"paid".into()));
    assert_eq!(gateway.counts().requests, 1);

    let (status, ..) = shop.pay(r#"{"order":"17","amount":1001}"#).await;
    assert_eq!(status, 409, "another amount is another attempt");
    let (status, ..) = shop
        .pay(r#"{"order":"17","attempt":2,"amount":1001}"#)
        .await;
    assert_eq!((status, gateway.charges().len()), (200, 2));
}

#[tokio::test]
async fn a_browser_that_goes_away_does_not_take_the_call_with_it() {
    let gateway = Gateway::start().await.unwrap();
    gateway.latency(Duration::from_millis(500));
    let shop = Shop::at(&gateway).await;
    tokio::select! {
        answer = shop.pay(r#"{"order":"17","amount":1000}"#) => panic!("{answer:?}"),
        () = until(async || gateway.counts().requests == 1) => {}
    }
    // No worker runs here: the call itself goes on.
    until(async || shop.get("/summary").await.2["paid"] == 1).await;
}

async fn until(holds: impl AsyncFn() -> bool) {
    let wait = async {
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        while !holds().await {
            tick.tick().await;
        }
    };
    let soon = tokio::time::timeout(Duration::from_secs(20), wait).await;
    soon.expect("it holds soon");
}

#[tokio::test]
async fn what_cannot_be_charged_is_refused_before_it_is_stored() {
    let gateway = Gateway::start().await.unwrap();
    let shop = Shop::at(&gateway).await;
    for wish in [
        r#"{"order":"","amount":1000}"#,
        r#"{"order":"17","amount":0}"#,
        r#"{"order":"17","amount":1000,"currency":"euro"}"#,
        r#"{"order":"17","amount":1000,"amuont":1}"#,
        r#"{"order":"17"}"#,
    ] {
        assert_eq!(shop.pay(wish).await.0, 422, "{wish}");
    }
    assert_eq!(shop.get("/payments/1").await.0, 404);
    assert_eq!(gateway.counts().requests, 0);
}

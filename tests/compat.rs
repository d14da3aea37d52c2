//! The old settings against an HTTP server. Real sockets, real time, no sleeps.
#![cfg(feature = "compat")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use http::header::{HeaderMap, HeaderValue};
use seawall::compat::{Config, HttpClient, Request, Target};
use seawall::{Delivery, IdempotencyKey, Provider, StopReason};
use wiremock::matchers::{any, body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A server that gives these answers, one after the other, and then 200.
async fn server(answers: impl IntoIterator<Item = ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    for answer in answers {
        let once = Mock::given(any()).respond_with(answer).up_to_n_times(1);
        once.mount(&server).await;
    }
    let paid = status(200).set_body_string("{\"paid\":true}");
    Mock::given(any()).respond_with(paid).mount(&server).await;
    server
}

fn status(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
}

async fn count(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

/// The settings of the incident, but for the URL and a delay that a test has the time for.
fn settings(server: &MockServer) -> Config {
    Config {
        base_url: Some(server.uri()),
        retry_delay: Duration::from_millis(100),
        ..Config::default()
    }
}

fn client(server: &MockServer, target: Target) -> HttpClient {
    HttpClient::new(target, settings(server)).unwrap()
}

fn payments() -> Target {
    Target::Payments(Provider::generic())
}

#[tokio::test]
async fn the_settings_of_the_incident_send_one_request_where_they_sent_four() {
    let maintenance = || status(503).insert_header("retry-after", "1200");
    let server = server((0..4).map(|_| maintenance())).await;
    let config = Config {
        base_url: Some(server.uri()),
        ..Config::default()
    };
    let client = HttpClient::new(payments(), config).unwrap();

    let response = client.post("/payments", "{}").await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.report().attempts(), 1);
    assert!(response.report().retry_after().unwrap() >= Duration::from_secs(1_200));

    // The application calls again at once, as it did.
    let error = client.post("/payments", "{}").await.unwrap_err();
    assert!(error.is_unavailable());
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(count(&server).await, 1);
}

#[tokio::test]
async fn a_post_without_a_key_is_not_repeated_on_500_and_a_get_is() {
    let server = server([status(500)]).await;
    let client = client(&server, Target::External);
    let response = client.post("/orders", "{}").await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(response.report().stop_reason(), StopReason::NotIdempotent);
    assert_eq!(response.report().delivery(), Delivery::Unknown);
    assert_eq!(count(&server).await, 1);

    server.reset().await;
    Mock::given(any())
        .respond_with(status(500))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let paid = status(200).set_body_string("seen");
    Mock::given(any()).respond_with(paid).mount(&server).await;
    let response = client.get("/orders").await.unwrap();
    assert_eq!((response.status().as_u16(), count(&server).await), (200, 2));
    assert_eq!(response.text().unwrap(), "seen");
}

#[tokio::test]
async fn a_payment_is_repeated_with_one_key() {
    let server = server([status(500)]).await;
    let client = client(&server, payments());
    let response = client.post("/payments", "{}").await.unwrap();
    assert!(response.is_success());
    let requests = server.received_requests().await.unwrap();
    let keys: Vec<_> = requests
        .iter()
        .map(|request| request.headers["idempotency-key"].clone())
        .collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
}

#[tokio::test]
async fn a_key_of_ones_own_is_sent_as_it_is() {
    let server = server([]).await;
    let key = IdempotencyKey::for_operation("shop", "charge", "order-17/attempt-1");
    let charge = Request::post("/payments").body("{}").idempotency_key(&key);
    let response = client(&server, payments()).do_request(charge).await;
    assert_eq!(response.unwrap().report().idempotency_key(), Some(&key));
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[0].headers["idempotency-key"], key.as_str());
}

#[tokio::test]
async fn each_method_sends_what_its_name_says() {
    let server = MockServer::start().await;
    for (verb, body) in [("GET", ""), ("POST", "a"), ("PUT", "b"), ("DELETE", "")] {
        let expected = Mock::given(method(verb))
            .and(path("/v1/orders/7"))
            .and(body_string(body))
            .and(header("user-agent", "shop/1.0"))
            .and(header("x-trace", "mine"));
        expected
            .respond_with(status(204))
            .expect(1)
            .mount(&server)
            .await;
    }
    let config = Config {
        base_url: Some(format!("{}/v1", server.uri())),
        user_agent: Some("shop/1.0".to_owned()),
        headers: HeaderMap::from_iter([(
            http::HeaderName::from_static("x-trace"),
            HeaderValue::from_static("mine"),
        )]),
        ..Config::default()
    };
    let client = HttpClient::new(Target::External, config).unwrap();
    for response in [
        client.get("orders/7").await,
        client.post("orders/7", "a").await,
        client.put("orders/7", b"b".to_vec()).await,
        client.delete("orders/7").await,
    ] {
        assert_eq!(response.unwrap().status(), 204);
    }
}

#[tokio::test]
async fn a_requests_own_header_wins_over_the_default() {
    let server = server([]).await;
    let mut config = settings(&server);
    let default = HeaderValue::from_static("default");
    config.headers.append("x-trace", default.clone());
    config.headers.append("x-trace", default);
    let client = HttpClient::new(Target::External, config).unwrap();
    let request = Request::get("/").header("X-Trace", "own");
    client.do_request(request).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    let sent: Vec<_> = requests[0].headers.get_all("x-trace").iter().collect();
    assert_eq!(sent, ["own"]);
}

#[tokio::test]
async fn a_credential_stays_with_its_origin() {
    let (ours, other) = (server([]).await, server([]).await);
    let mut config = settings(&ours);
    let token = HeaderValue::from_static("Bearer s3cret");
    config.headers.insert("authorization", token);
    let client = HttpClient::new(Target::External, config).unwrap();
    client.get("/").await.unwrap();
    client.get(other.uri()).await.unwrap();
    let sent = ours.received_requests().await.unwrap();
    assert_eq!(sent[0].headers["authorization"], "Bearer s3cret");
    let sent = other.received_requests().await.unwrap();
    assert!(!sent[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_redirect_is_handed_back() {
    let server = server([status(302).insert_header("location", "/elsewhere")]).await;
    let response = client(&server, Target::External).get("/").await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.headers()["location"], "/elsewhere");
    assert_eq!(count(&server).await, 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_before_it_is_sent() {
    let server = server([]).await;
    let client = client(&server, Target::External);
    let request = Request::get("/").header("x-trace", "a\r\nb: c");
    let error = client.do_request(request).await.unwrap_err();
    assert!(error.is_config(), "{error}");
    let error = client.get("https://").await.unwrap_err();
    assert!(error.is_config(), "{error}");
    assert_eq!(count(&server).await, 0);
}

#[cfg(feature = "json")]
#[tokio::test]
async fn json_goes_out_and_comes_back() {
    let server = server([]).await;
    let client = client(&server, Target::External);
    let amount = std::collections::BTreeMap::from([("amount", 1_000)]);
    let request = Request::post("/payments").json(&amount);
    let response = client.do_request(request).await.unwrap();
    let paid: std::collections::BTreeMap<String, bool> = response.json().unwrap();
    assert!(paid["paid"]);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[0].body, br#"{"amount":1000}"#);
    assert_eq!(requests[0].headers["content-type"], "application/json");

    // The last body counts.
    let request = Request::post("/payments").json(&amount).body("plain");
    client.do_request(request).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    assert!(!requests[1].headers.contains_key("content-type"));

    let unwritable = std::collections::BTreeMap::from([(vec![1], 1)]);
    let request = Request::post("/payments").json(&unwritable);
    let error = client.do_request(request).await.unwrap_err();
    assert!(error.is_config() && error.to_string().contains("JSON"));
}

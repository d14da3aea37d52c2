//! Redirects are answers, not errands.

use http::{Request, StatusCode};
use seawall::adapters::reqwest::ReqwestService;
use seawall::policy::Failure;
use seawall::{Body, Delivery};
use tower::ServiceExt;
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{built, keys, over, pay, report, unkeyed};

/// A server that leads every request to `/elsewhere`, where this is answered.
async fn leading(status: u16, elsewhere: u16) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path("/elsewhere"))
        .respond_with(ResponseTemplate::new(elsewhere))
        .mount(&server)
        .await;
    let led = ResponseTemplate::new(status).insert_header("location", "/elsewhere");
    Mock::given(any()).respond_with(led).mount(&server).await;
    server
}

fn ready_made() -> ReqwestService {
    ReqwestService::ready_made(reqwest::Client::new())
}

#[tokio::test]
async fn no_redirect_is_followed() {
    for status in [301, 302, 303, 307, 308] {
        let server = leading(status, 200).await;
        let answer = pay(over(built(), unkeyed()), &server.uri()).await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(keys(&server).await.len(), 1);
    }
}

#[tokio::test]
async fn a_builder_that_asks_for_redirects_gets_none() {
    let server = leading(303, 200).await;
    let limited = reqwest::redirect::Policy::limited(3);
    let transport = ReqwestService::build(reqwest::Client::builder().redirect(limited)).unwrap();
    let answer = pay(over(transport, unkeyed()), &server.uri())
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_refusal_by_the_page_that_a_payment_was_led_to_is_not_the_payments() {
    // Taken for its own, a 404 would mean that nothing was done.
    let server = leading(303, 404).await;
    let error = pay(over(ready_made(), unkeyed()), &server.uri())
        .await
        .unwrap_err();
    assert_eq!(error.failure(), Some(Failure::Other));
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.report().attempts(), 1);
    let why = std::error::Error::source(&error).and_then(|error| error.source());
    let why = why.expect("a reason").to_string();
    assert!(
        why.contains("404") && why.contains("ReqwestService::build"),
        "{why}"
    );
}

#[tokio::test]
async fn what_is_nobodys_mistake_comes_back_as_it_is() {
    // A success, wherever it came from.
    let server = leading(303, 200).await;
    let answer = pay(over(ready_made(), unkeyed()), &server.uri())
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);

    // A refusal of the very request.
    let server = MockServer::start().await;
    let answer = pay(over(ready_made(), unkeyed()), &server.uri())
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(report(&answer).delivery(), Delivery::Rejected);

    // A request that changes nothing.
    let server = leading(303, 404).await;
    let get = Request::get(server.uri()).body(Body::empty()).unwrap();
    let answer = over(ready_made(), unkeyed()).oneshot(get).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

//! The whole stack as a middleware.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use http::Extensions;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error, Middleware, Next};
use seawall::adapters::reqwest::ResilienceMiddleware;
use seawall::policy::Failure;
use seawall::{Delivery, IdempotencyKey, PolicyBuilder, Report, StopReason};
use wiremock::ResponseTemplate;

use super::{keyed, keys, layer, nobody, server, unkeyed};

fn client(policy: PolicyBuilder) -> ClientWithMiddleware {
    ResilienceMiddleware::client(layer(policy), reqwest::Client::builder()).unwrap()
}

/// The stack's own error, as its documentation says how to have it.
pub(super) fn ours(error: Error) -> seawall::Error {
    match error {
        Error::Middleware(error) => error.downcast().expect("an error of the stack"),
        Error::Reqwest(error) => unreachable!("not by the stack: {error}"),
    }
}

#[tokio::test]
async fn a_payment_is_sent_again_with_its_key_and_the_answer_is_as_ever() {
    let server = server([ResponseTemplate::new(500)]).await;
    let url = format!("{}/payments?expand=card", server.uri());
    let answer = client(keyed()).post(&url).body("{}").send().await.unwrap();

    let report = answer.extensions().get::<Report>().expect("a report");
    assert_eq!((report.attempts(), report.delivery()), (2, Delivery::Done));
    assert_eq!(answer.url().as_str(), url);
    assert_eq!(answer.text().await.unwrap(), "paid");
    let keys = keys(&server).await;
    assert!(keys[0].is_some() && keys[0] == keys[1], "{keys:?}");
}

#[tokio::test]
async fn what_the_caller_knows_of_the_call_goes_in_by_extension() {
    let server = server([]).await;
    let key = IdempotencyKey::for_operation("shop", "charge", "order-17/attempt-1");
    let payment = client(keyed()).post(server.uri()).body("{}");
    payment.with_extension(key.clone()).send().await.unwrap();
    assert_eq!(keys(&server).await, [Some(key.as_str().to_owned())]);
}

#[tokio::test]
async fn an_error_is_the_stacks_and_a_refused_connection_is_not_sent() {
    let url = nobody().await;
    let sent = client(unkeyed()).post(&url).body("{}").send().await;
    let error = ours(sent.unwrap_err());
    assert_eq!(error.failure(), Some(Failure::Refused));
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.report().attempts(), 3);
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}

#[tokio::test]
async fn over_a_ready_made_client_that_is_unknown() {
    let url = nobody().await;
    let resilience = ResilienceMiddleware::new(layer(unkeyed()));
    let client = ClientBuilder::new(reqwest::Client::new()).with(resilience);
    let sent = client.build().post(&url).body("{}").send().await;
    let error = ours(sent.unwrap_err());
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.report().stop_reason(), StopReason::NotIdempotent);
    assert_eq!(error.report().attempts(), 1);
}

#[tokio::test]
async fn a_stream_is_sent_again_too() {
    let server = server([ResponseTemplate::new(500)]).await;
    let rows = reqwest::Body::wrap(String::from("rows"));
    assert!(rows.as_bytes().is_none(), "a stream to reqwest");
    let answer = client(keyed()).post(server.uri()).body(rows).send().await;
    let answer = answer.unwrap();
    assert_eq!(answer.extensions().get::<Report>().unwrap().attempts(), 2);
    let seen = server.received_requests().await.unwrap();
    assert!(seen.iter().all(|request| request.body == b"rows"));
}

#[tokio::test]
async fn a_url_that_is_none_in_http_is_refused_before_anything_is_sent() {
    let request = reqwest::Request::new(http::Method::POST, "data:,s3cret".parse().unwrap());
    let sent = client(unkeyed()).execute(request).await;
    let error = ours(sent.unwrap_err());
    assert!(error.is_config(), "{error}");
    assert_eq!(
        (error.report().attempts(), error.delivery()),
        (0, Delivery::NotSent)
    );
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}

/// Signs what it can read, and counts by the extensions, as such middlewares do.
#[derive(Clone, Default)]
struct Signing {
    calls: Arc<AtomicU32>,
    fails: bool,
}

#[derive(Clone, Copy, Default)]
struct Passed(u32);

#[async_trait]
impl Middleware for Signing {
    async fn handle(
        &self,
        mut request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if self.fails {
            return Err(Error::middleware(std::io::Error::other("no signature")));
        }
        let Passed(passed) = *extensions.get_or_insert_default();
        extensions.insert(Passed(passed + 1));
        let body = request.body().and_then(reqwest::Body::as_bytes);
        let signature = body.expect("bytes stay bytes").len();
        let headers = request.headers_mut();
        headers.insert("x-signature", signature.into());
        headers.insert("x-passed", passed.into());
        next.run(request, extensions).await
    }
}

fn chain(signing: Signing) -> ClientWithMiddleware {
    let resilience = ResilienceMiddleware::new(layer(keyed()));
    let client = ClientBuilder::new(reqwest::Client::new());
    client.with(resilience).with(signing).build()
}

#[tokio::test]
async fn a_middleware_after_it_sees_each_attempt_and_what_the_one_before_has_left() {
    let server = server([ResponseTemplate::new(500)]).await;
    let signing = Signing::default();
    let payment = chain(signing.clone()).post(server.uri()).body("{}");
    payment.send().await.unwrap();

    assert_eq!(signing.calls.load(Ordering::Relaxed), 2);
    let seen = server.received_requests().await.unwrap();
    let header = |name: &str| -> Vec<_> { seen.iter().map(|seen| &seen.headers[name]).collect() };
    assert_eq!(header("x-signature"), ["2", "2"]);
    assert_eq!(header("x-passed"), ["0", "1"]);
}

#[tokio::test]
async fn a_middlewares_own_error_proves_nothing() {
    let failing = Signing {
        fails: true,
        ..Signing::default()
    };
    let server = server([]).await;
    let sent = chain(failing.clone())
        .post(server.uri())
        .body("{}")
        .send()
        .await;
    let error = ours(sent.unwrap_err());
    assert_eq!(error.failure(), Some(Failure::Other));
    assert_eq!(error.delivery(), Delivery::Unknown);
    // It has a key, so it is tried again.
    assert_eq!(failing.calls.load(Ordering::Relaxed), 4);
}

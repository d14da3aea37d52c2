//! The middleware among others, and beside a client over the same upstreams.

use std::time::Duration;

use async_trait::async_trait;
use http::{Extensions, Version};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use seawall::adapters::reqwest::ResilienceMiddleware;
use seawall::policy::{Failure, Progress};
use seawall::{Client, Delivery, PolicyBuilder, ResilienceLayer, StopReason, Upstreams};
use wiremock::ResponseTemplate;

use super::middleware::ours;
use super::support::{Act, Peer};
use super::{TENTH, keyed, keys, layer, nobody, server, streams, unkeyed};

fn client(policy: PolicyBuilder) -> ClientWithMiddleware {
    ResilienceMiddleware::client(layer(policy), reqwest::Client::builder()).unwrap()
}

/// Sends what it is given once, and then tells somebody of it, who is not there.
struct Telling(String);

#[async_trait]
impl Middleware for Telling {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let answer = next.run(request, extensions).await?;
        reqwest::get(&self.0).await?;
        Ok(answer)
    }
}

#[tokio::test]
async fn a_refused_connection_of_a_middlewares_own_errand_is_not_the_payments() {
    let server = server([]).await;
    let telling = Telling(nobody().await);
    let client = ClientBuilder::from_client(client(unkeyed())).with(telling);
    let sent = client.build().post(server.uri()).body("{}").send().await;
    let error = ours(sent.unwrap_err());
    assert_eq!(error.failure(), Some(Failure::Other));
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(keys(&server).await, [None], "paid once");
}

#[tokio::test]
async fn a_stream_that_fails_is_the_callers_failure_and_not_the_servers() {
    let peer = Peer::new([Act::ResetRead]).await;
    let broken = reqwest::Body::wrap(streams::broken(std::io::Error::other("gone").into()));
    let sent = client(unkeyed()).post(peer.url()).body(broken).send().await;
    let error = ours(sent.unwrap_err());
    assert_eq!(error.failure(), Some(Failure::RequestBody));
    assert_eq!(error.delivery(), Delivery::Unknown);
}

#[tokio::test]
async fn a_request_for_http2_goes_on_by_what_the_connection_speaks() {
    let server = server([]).await;
    let get = client(unkeyed()).get(server.uri()).version(Version::HTTP_2);
    assert_eq!(get.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_requests_own_timeout_is_that_of_each_attempt() {
    let peer = Peer::new([Act::Stall, Act::Stall, Act::Stall]).await;
    let policy = unkeyed().attempt_timeout(100 * TENTH);
    let get = client(policy).get(peer.url()).timeout(5 * TENTH);
    let error = ours(get.send().await.unwrap_err());
    let timeout = Failure::AttemptTimeout(Progress::MaybeSent);
    assert_eq!(error.failure(), Some(timeout));
    assert_eq!(error.report().attempts(), 3);
}

#[tokio::test]
async fn the_gate_that_one_closes_is_closed_for_the_other() {
    let closed = || ResponseTemplate::new(503).insert_header("retry-after", "1200");
    let server = server([closed(), closed()]).await;
    let upstreams = Upstreams::new(keyed().build().unwrap());
    let direct = Client::builder_over(upstreams.clone()).build().unwrap();
    let layer = ResilienceLayer::over(upstreams);
    let over = ResilienceMiddleware::client(layer, reqwest::Client::builder()).unwrap();

    let answer = direct.post(server.uri()).body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 503);
    let error = ours(over.post(server.uri()).body("{}").send().await.unwrap_err());
    assert!(error.is_unavailable(), "{error}");
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(keys(&server).await.len(), 1);
}

#[tokio::test]
async fn the_budget_is_one_for_both() {
    let server = server((0..9).map(|_| ResponseTemplate::new(500))).await;
    // One retry a minute, whoever makes it.
    let upstreams = Upstreams::new(keyed().budget(0.01, 1).build().unwrap());
    let direct = Client::builder_over(upstreams.clone()).build().unwrap();
    let layer = ResilienceLayer::over(upstreams);
    let over = ResilienceMiddleware::client(layer, reqwest::Client::builder()).unwrap();

    let answer = direct.post(server.uri()).body("{}").send().await.unwrap();
    assert_eq!(answer.report().attempts(), 2);
    let answer = over.post(server.uri()).body("{}").send().await.unwrap();
    let report = answer.extensions().get::<seawall::Report>().unwrap();
    assert_eq!(report.attempts(), 1);
    assert_eq!(report.stop_reason(), StopReason::BudgetExhausted);
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_its_place_to_the_next() {
    let peer = Peer::new([Act::Stall, Act::AnswerAndClose]).await;
    let client = client(keyed().max_concurrency(1));
    let given_up = client.post(peer.url()).body("{}").send();
    let given_up = tokio::spawn(given_up);
    while peer.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    given_up.abort();
    let paid = client.post(peer.url()).body("{}").send();
    let paid = tokio::time::timeout(Duration::from_secs(30), paid).await;
    assert_eq!(paid.unwrap().unwrap().status(), 201);
}

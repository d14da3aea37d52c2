//! The layers over reqwest, against servers on real sockets. Real time, no sleeps.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod failures;
mod lengths;
mod middleware;
mod neighbours;
mod redirects;
mod resends;
mod streams;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "not every act is needed here")]
mod support;

use std::time::Duration;

use http::{Request, Response};
use seawall::adapters::reqwest::ReqwestService;
use seawall::middleware::throttle::ThrottledBody;
use seawall::{
    Backoff, Body, Error, Jitter, Policy, PolicyBuilder, Provider, Report, ResilienceLayer,
};
use tower::util::BoxCloneService;
use tower::{Layer, ServiceExt};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const TENTH: Duration = Duration::from_millis(100);

type Answer = Response<ThrottledBody<reqwest::Body>>;
/// Boxed, so that the stack is compiled once.
type Service = BoxCloneService<Request<Body>, Answer, Error>;

fn quick(policy: &Policy) -> PolicyBuilder {
    let backoff = Backoff::new(TENTH, 1.0, TENTH, Jitter::Proportional(0.1)).unwrap();
    policy.to_builder().backoff(backoff).budget(0.5, 10)
}

fn keyed() -> PolicyBuilder {
    quick(&Policy::external_payments(Provider::generic()))
}

/// No key is honoured here.
fn unkeyed() -> PolicyBuilder {
    quick(&Policy::external())
}

fn layer(policy: PolicyBuilder) -> ResilienceLayer {
    ResilienceLayer::new(policy.build().unwrap())
}

fn built() -> ReqwestService {
    ReqwestService::build(reqwest::Client::builder()).unwrap()
}

fn over(transport: ReqwestService, policy: PolicyBuilder) -> Service {
    BoxCloneService::new(layer(policy).layer(transport))
}

fn post(url: &str) -> Request<Body> {
    post_of(url, Body::from("{\"amount\":1000}"))
}

fn post_of(url: &str, body: Body) -> Request<Body> {
    Request::post(url).body(body).unwrap()
}

async fn pay(service: Service, url: &str) -> Result<Answer, Error> {
    service.oneshot(post(url)).await
}

fn report<C>(answer: &Response<ThrottledBody<C>>) -> &Report {
    Report::of(answer).expect("every response carries one")
}

/// A server that gives these answers, one after the other, and then 200.
async fn server(answers: impl IntoIterator<Item = ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    for answer in answers {
        let once = Mock::given(any()).respond_with(answer).up_to_n_times(1);
        once.mount(&server).await;
    }
    let paid = ResponseTemplate::new(200).set_body_string("paid");
    Mock::given(any()).respond_with(paid).mount(&server).await;
    server
}

/// A URL where nobody listens, with a secret that is for nobody's eyes.
async fn nobody() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    format!("http://{address}/payments?token=s3cret")
}

/// The idempotency keys of what the server has seen, in order.
async fn keys(server: &MockServer) -> Vec<Option<String>> {
    let requests = server.received_requests().await.unwrap();
    let key = |request: &wiremock::Request| {
        let key = request.headers.get("idempotency-key")?;
        Some(key.to_str().unwrap().to_owned())
    };
    requests.iter().map(key).collect()
}

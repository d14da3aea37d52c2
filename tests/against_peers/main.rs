//! The same servers through reqwest with reqwest-retry, as its documentation sets it up, and through
//! seawall: one row for each trap. Real sockets, real time, no sleeps.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fleets;
mod held;
mod rows;

use std::collections::HashSet;
use std::time::Duration;

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use seawall::{Backoff, Client, Jitter, Policy, PolicyBuilder, Provider};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Respond};

const TENTH: Duration = Duration::from_millis(100);

/// What a server has seen of a payment, and how it ended for the caller.
#[derive(Debug, PartialEq)]
struct Seen {
    requests: usize,
    /// Distinct idempotency keys.
    keys: usize,
    /// The status, or `error`.
    end: String,
}

fn seen(requests: usize, keys: usize, end: &str) -> Seen {
    let end = end.to_owned();
    Seen {
        requests,
        keys,
        end,
    }
}

/// Three retries, after a tenth of a second each.
fn reqwest_retry() -> ClientWithMiddleware {
    let backoff = ExponentialBackoff::builder()
        .retry_bounds(TENTH, TENTH)
        .jitter(reqwest_retry::Jitter::None)
        .build_with_max_retries(3);
    ClientBuilder::new(reqwest::Client::new())
        .with(RetryTransientMiddleware::new_with_policy(backoff))
        .build()
}

/// The same, with a key on each payment.
fn payments() -> PolicyBuilder {
    quick(&Policy::external_payments(Provider::stripe()))
}

/// The same, with a provider that honours no key.
fn unkeyed() -> PolicyBuilder {
    quick(&Policy::external())
}

fn quick(policy: &Policy) -> PolicyBuilder {
    let backoff = Backoff::new(TENTH, 1.0, TENTH, Jitter::Proportional(0.1)).unwrap();
    let preset = policy.to_builder().max_attempts(4).budget(0.5, 10);
    preset.backoff(backoff)
}

fn seawall(policy: PolicyBuilder) -> Client {
    Client::builder(policy.build().unwrap()).build().unwrap()
}

async fn server(answer: impl Respond + 'static) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// What this server has seen, after a call that ended so.
async fn seen_by(server: &MockServer, end: String) -> Seen {
    let requests = server.received_requests().await.unwrap();
    let key = |request: &wiremock::Request| request.headers.get("idempotency-key").cloned();
    let keys: HashSet<_> = requests.iter().filter_map(key).collect();
    Seen {
        requests: requests.len(),
        keys: keys.len(),
        end,
    }
}

/// One payment through reqwest-retry.
async fn through_reqwest_retry(server: &MockServer, body: impl Into<reqwest::Body>) -> Seen {
    let sent = reqwest_retry().post(server.uri()).body(body).send().await;
    let end = sent.map_or("error".to_owned(), |answer| {
        answer.status().as_u16().to_string()
    });
    seen_by(server, end).await
}

/// One payment through seawall.
async fn through_seawall(
    server: &MockServer,
    policy: PolicyBuilder,
    body: impl Into<seawall::Body>,
) -> Seen {
    let sent = seawall(policy).post(server.uri()).body(body).send().await;
    let end = sent.map_or("error".to_owned(), |answer| {
        answer.status().as_u16().to_string()
    });
    seen_by(server, end).await
}

//! Thirty payments at once, to a server that fails all of them.

use std::time::Duration;

use seawall::{ErrorKind, PolicyBuilder, Rule};
use wiremock::{MockServer, ResponseTemplate};

use super::{payments, reqwest_retry, seawall, server};

const CALLS: usize = 30;

async fn failing() -> MockServer {
    server(ResponseTemplate::new(500)).await
}

async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

/// All payments through reqwest-retry, and then one more: how many requests that makes.
async fn through_reqwest_retry() -> (usize, usize) {
    let (server, client) = (failing().await, reqwest_retry());
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..CALLS {
        calls.spawn(client.post(server.uri()).body("{}").send());
    }
    calls.join_all().await;
    let all = requests(&server).await;
    assert!(client.post(server.uri()).body("{}").send().await.is_ok());
    (all, requests(&server).await - all)
}

/// The same through seawall, and how the one more ends.
async fn through_seawall(policy: PolicyBuilder) -> (usize, usize, Option<ErrorKind>) {
    let (server, client) = (failing().await, seawall(policy));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..CALLS {
        calls.spawn(client.post(server.uri()).body("{}").send());
    }
    calls.join_all().await;
    let all = requests(&server).await;
    let last = client.post(server.uri()).body("{}").send().await;
    let kind = last.err().map(|error| error.kind());
    (all, requests(&server).await - all, kind)
}

#[tokio::test]
async fn retries_multiply_the_load_on_a_server_that_is_down() {
    let (theirs, _) = through_reqwest_retry().await;
    assert_eq!(theirs, 4 * CALLS);
    // The preset's budget: a tenth of the calls, and two a minute.
    let without_circuit = payments()
        .budget(0.1, 2)
        .without_circuit()
        .allow(Rule::Circuit, "the budget alone is looked at");
    let (ours, ..) = through_seawall(without_circuit).await;
    assert!((CALLS + 2..=CALLS + 5).contains(&ours), "{ours} requests");
}

#[tokio::test]
async fn the_next_call_goes_to_a_server_that_is_known_to_be_down() {
    let (_, last) = through_reqwest_retry().await;
    assert_eq!(last, 4);
    let circuit = payments().failure_ratio(0.5, Duration::from_secs(30), 20);
    let (_, last, kind) = through_seawall(circuit).await;
    assert_eq!((last, kind), (0, Some(ErrorKind::Unavailable)));
}

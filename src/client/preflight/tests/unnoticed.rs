//! Circuit, gate, budget and traffic neither hear of a preflight nor hold it up.

use std::time::Duration;

use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::policy::Refusal;
use crate::{Backoff, Jitter};

/// More than any circuit takes.
const MANY: usize = 20;

#[tokio::test]
async fn preflights_that_fail_leave_no_trace() {
    let client = client();
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(503).insert_header("retry-after", "1200"))
        .up_to_n_times(MANY as u64)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let dead = format!("http://{}/", closed_port().await);
    let before = format!("{:?}", client.upstreams());

    for _ in 0..MANY {
        let report = run(full(&client, &dead)).await;
        assert_eq!(failure(&report), (Step::Tcp, Problem::Refused));
        let preflight = client.preflight(server.uri()).health_path("/health");
        let report = run(preflight).await;
        assert_eq!(failure(&report), (Step::Health, Problem::Unwell));
    }
    assert_eq!(format!("{:?}", client.upstreams()), before);

    let response = client.get(server.uri()).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.report().attempts(), 1);
    // The comparison can tell: a call does leave a trace.
    assert_ne!(format!("{:?}", client.upstreams()), before);
}

#[tokio::test]
async fn preflights_run_through_an_open_circuit_and_a_closed_gate_and_leave_them_so() {
    let brief = Duration::from_millis(100);
    let backoff = Backoff::new(brief, 1.0, brief, Jitter::Proportional(0.1)).unwrap();
    let policy = Policy::external().to_builder().backoff(backoff);
    let client = Client::builder(policy.build().unwrap()).build().unwrap();
    let server = MockServer::start().await;
    Mock::given(path("/health"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    Mock::given(path("/down"))
        .respond_with(ResponseTemplate::new(500))
        .mount(&server)
        .await;
    Mock::given(path("/maintenance"))
        .respond_with(ResponseTemplate::new(503).insert_header("retry-after", "1200"))
        .mount(&server)
        .await;

    for (url, refusal) in [("/down", Refusal::Open), ("/maintenance", Refusal::Gate)] {
        let client = Client::builder((*client.policy()).clone()).build().unwrap();
        let url = format!("{}{url}", server.uri());
        let refused = async || {
            let error = client.get(&url).send().await.err();
            error.and_then(|error| error.refusal())
        };
        let mut calls = 0;
        while refused().await.is_none() {
            calls += 1;
            assert!(calls < MANY, "it must be shut by now");
        }
        let preflight = || client.preflight(server.uri()).health_path("/health");
        for _ in 0..MANY {
            assert!(run(preflight()).await.is_ok());
        }
        assert_eq!(refused().await, Some(refusal), "it is as it was");
    }
}

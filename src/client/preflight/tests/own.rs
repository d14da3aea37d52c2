//! The client's own credentials.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::credentials::from_fn;
use crate::event::{Event, Observer};
use crate::{Credential, CredentialError, Credentials};

/// A gateway that takes the secret and nothing else.
async fn gateway() -> MockServer {
    let server = MockServer::start().await;
    let well = ResponseTemplate::new(200);
    let known = Mock::given(header("authorization", SECRET)).respond_with(well);
    known.mount(&server).await;
    let refused = Mock::given(any()).respond_with(ResponseTemplate::new(401));
    refused.mount(&server).await;
    server
}

fn client_with(origin: &str, source: impl Credentials) -> Client {
    let builder = Client::builder(Policy::external()).credentials(origin, source);
    builder.build().expect("plain settings")
}

/// The credentials that it was sent.
async fn sent(server: &MockServer) -> Vec<Option<String>> {
    let requests = server.received_requests().await.expect("they are recorded");
    let value = |request: &wiremock::Request| {
        let value = request.headers.get("authorization")?;
        Some(value.to_str().expect("visible characters").to_owned())
    };
    requests.iter().map(value).collect()
}

#[tokio::test]
async fn it_is_tried_as_a_call_would_carry_it() {
    let gateway = gateway().await;
    let fixed = client_with(&gateway.uri(), Credential::bearer("s3cret").unwrap());
    let fetched = from_fn(|| async { Credential::bearer("s3cret") });
    let fetched = client_with(&gateway.uri(), fetched);
    for client in [fixed, fetched] {
        let report = run(client.preflight(gateway.uri()).health_path("/health")).await;
        assert!(report.is_ok(), "{report}");
        assert!(report.step(Step::Credentials).unwrap().is_passed());
    }
    assert_eq!(
        sent(&gateway).await,
        [Some(SECRET.to_owned()), Some(SECRET.to_owned())]
    );
}

#[tokio::test]
async fn one_that_is_refused_stops_the_deploy_and_is_not_replaced() {
    let gateway = gateway().await;
    let fetched = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&fetched);
    let stale = from_fn(move || {
        count.fetch_add(1, SeqCst);
        async { Credential::bearer("s3cret-stale") }
    });
    let report = run(client_with(&gateway.uri(), stale).preflight(gateway.uri())).await;
    let refused = (Step::Credentials, Problem::CredentialsRefused);
    assert_eq!(failure(&report), refused);
    assert_eq!((sent(&gateway).await.len(), fetched.load(SeqCst)), (1, 1));
}

#[tokio::test]
async fn a_source_that_has_none_says_why_and_nothing_is_sent() {
    let gateway = gateway().await;
    let sealed = from_fn(|| async { Err(CredentialError::unavailable("the vault is sealed")) });
    let report = run(client_with(&gateway.uri(), sealed).preflight(gateway.uri())).await;
    assert_eq!(failure(&report), (Step::Credentials, Problem::NoCredential));
    assert!(reason(&report).contains("the vault is sealed"), "{report}");
    assert!(sent(&gateway).await.is_empty());
}

#[tokio::test]
async fn one_for_another_origin_stays_here_and_the_callers_own_wins() {
    let gateway = gateway().await;
    let elsewhere = Credential::bearer("s3cret").unwrap();
    let client = client_with("https://other.test", elsewhere);
    let report = run(client.preflight(gateway.uri())).await;
    let credentials = report.step(Step::Credentials).unwrap();
    assert!(matches!(credentials.outcome(), Outcome::Skipped { .. }));

    let client = client_with(&gateway.uri(), Credential::bearer("s3cret-old").unwrap());
    let preflight = client.preflight(gateway.uri());
    let report = run(preflight.credential("authorization", SECRET)).await;
    assert!(report.is_ok(), "{report}");
    assert_eq!(sent(&gateway).await, [Some(SECRET.to_owned())]);
}

struct Heard(Arc<AtomicUsize>);

impl Observer for Heard {
    fn observe(&self, _: &Event<'_>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[tokio::test]
async fn refusals_of_preflights_raise_no_alarm() {
    let gateway = gateway().await;
    let heard = Arc::new(AtomicUsize::new(0));
    let client = Client::builder(Policy::external())
        .credentials(&gateway.uri(), Credential::bearer("s3cret-stale").unwrap())
        .observer(Heard(Arc::clone(&heard)))
        .build()
        .unwrap();
    for _ in 0..20 {
        assert!(!run(client.preflight(gateway.uri())).await.is_ok());
    }
    assert_eq!(heard.load(SeqCst), 0);
    // It would hear of a call.
    let _ = client.get(gateway.uri()).send().await;
    assert_ne!(heard.load(SeqCst), 0);
}

//! Credentials and health.

use std::time::Duration;

use wiremock::matchers::{any, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::client::transport::tests::peer::{Peer, read_request, read_to_end, write};

/// A gateway with these answers for the account and for health.
async fn gateway(account: u16, health: u16) -> MockServer {
    let server = MockServer::start().await;
    for (at, status) in [("/account", account), ("/health", health)] {
        Mock::given(method("GET"))
            .and(path(at))
            .and(header("authorization", SECRET))
            .respond_with(ResponseTemplate::new(status))
            .mount(&server)
            .await;
    }
    server
}

/// The paths it was asked for.
async fn asked(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.expect("they are recorded");
    let paths = requests.iter().map(|request| request.url.path().to_owned());
    paths.collect()
}

#[tokio::test]
async fn a_gateway_that_is_well_is_asked_twice() {
    let gateway = gateway(200, 204).await;
    let report = run(full(&client(), &gateway.uri())).await;

    assert!(report.is_ok(), "{report}");
    assert_eq!(
        detail(&report, Step::Credentials),
        "GET /account was answered 200 OK"
    );
    assert_eq!(
        detail(&report, Step::Health),
        "GET /health was answered 204 No Content"
    );
    assert_eq!(asked(&gateway).await, ["/account", "/health"]);
}

#[tokio::test]
async fn credentials_that_are_refused_end_it() {
    for status in [401, 403, 407] {
        let gateway = gateway(status, 200).await;
        let report = run(full(&client(), &gateway.uri())).await;

        let refused = (Step::Credentials, Problem::CredentialsRefused);
        assert_eq!(failure(&report), refused, "{status}");
        assert!(reason(&report).contains(&status.to_string()), "{report}");
        assert_eq!(asked(&gateway).await, ["/account"]);
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_about_credentials_is_no_proof_of_them() {
    for (status, problem) in [
        (404, Problem::PathUnknown),
        (302, Problem::Redirected),
        (429, Problem::Throttled),
        (503, Problem::Unwell),
    ] {
        let gateway = gateway(status, 200).await;
        let report = run(full(&client(), &gateway.uri())).await;

        assert_eq!(failure(&report), (Step::Credentials, problem), "{status}");
        assert_eq!(asked(&gateway).await, ["/account"], "no retry");
    }
}

#[tokio::test]
async fn a_gateway_that_is_not_well_fails_the_health_step() {
    for (status, problem) in [
        (503, Problem::Unwell),
        (404, Problem::PathUnknown),
        (301, Problem::Redirected),
        (429, Problem::Throttled),
    ] {
        let gateway = gateway(200, status).await;
        let report = run(full(&client(), &gateway.uri())).await;

        assert_eq!(failure(&report), (Step::Health, problem), "{status}");
        assert!(report.step(Step::Credentials).unwrap().is_passed());
        assert_eq!(asked(&gateway).await, ["/account", "/health"], "no retry");
    }
}

#[tokio::test]
async fn one_request_serves_both_steps_of_one_path() {
    let both = |gateway: &MockServer| {
        let preflight = client().preflight(gateway.uri());
        preflight
            .credential("authorization", SECRET)
            .health_path("/health")
    };
    let well = gateway(404, 200).await;
    let report = run(both(&well)).await;
    assert!(report.is_ok(), "{report}");
    assert!(report.step(Step::Credentials).unwrap().is_passed());
    assert_eq!(asked(&well).await, ["/health"]);

    let down = gateway(404, 503).await;
    let report = run(both(&down)).await;
    assert_eq!(failure(&report), (Step::Health, Problem::Unwell));
    let credentials = report.step(Step::Credentials).unwrap().outcome();
    assert!(
        matches!(credentials, Outcome::Skipped { why } if why.contains("503")),
        "{credentials:?}"
    );
    assert_eq!(asked(&down).await, ["/health"]);

    let refused = gateway(404, 401).await;
    let report = run(both(&refused)).await;
    let step = (Step::Credentials, Problem::CredentialsRefused);
    assert_eq!(failure(&report), step);
}

#[test]
fn it_can_be_spawned_and_is_small() {
    fn sendable<T: Send>(future: T) -> T {
        future
    }
    let running = sendable(full(&client(), "https://gateway.test/").run());
    let size = size_of_val(&running);
    assert!(size < 4_096, "{size} bytes");
}

#[tokio::test]
async fn the_urls_own_path_is_the_one_that_needs_the_credentials() {
    let gateway = gateway(200, 200).await;
    let preflight = client().preflight(format!("{}/account", gateway.uri()));
    let report = run(preflight
        .credential("authorization", SECRET)
        .health_path("/health"))
    .await;

    assert!(report.is_ok(), "{report}");
    assert_eq!(asked(&gateway).await, ["/account", "/health"]);
}

#[tokio::test]
async fn a_plain_header_travels_along_and_is_no_credential() {
    let server = MockServer::start().await;
    Mock::given(header("api-version", "7"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let preflight = client().preflight(server.uri()).header("api-version", "7");
    let report = run(preflight.health_path("/health")).await;

    assert!(report.is_ok(), "{report}");
    assert!(!report.step(Step::Credentials).unwrap().is_passed());
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_named_and_not_shown() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let broken = |name: &str, value: &str| {
        let preflight = client().preflight(server.uri());
        preflight.credential(name, value)
    };
    let report = run(broken("authorization", "Bearer s3cret\n")).await;
    assert_eq!(failure(&report), (Step::Credentials, Problem::BadHeader));
    assert!(reason(&report).contains("`authorization`"), "{report}");

    let report = run(broken("not a name", "s3cret")).await;
    assert_eq!(failure(&report), (Step::Credentials, Problem::BadHeader));

    // The connection's own headers are not for the caller to set.
    let report = run(broken("transfer-encoding", "chunked")).await;
    assert_eq!(failure(&report), (Step::Credentials, Problem::BadHeader));
    assert!(asked(&server).await.is_empty(), "nothing is sent");
}

#[tokio::test]
async fn a_request_that_is_never_answered_ends_with_the_steps_limit() {
    let peer = Peer::new().await;
    let limit = Duration::from_millis(200);
    let preflight = full(&client(), &peer.url("http")).timeout(limit);
    let server = async {
        let mut tcp = peer.accept().await;
        read_request(&mut tcp).await;
        read_to_end(&mut tcp).await
    };
    let (report, rest) = tokio::join!(run(preflight), server);

    assert_eq!(failure(&report), (Step::Credentials, Problem::TimedOut));
    assert_eq!(rest, b"", "the connection is closed");
}

#[tokio::test]
async fn the_policys_attempt_timeout_holds_without_a_limit() {
    let peer = Peer::new().await;
    let policy = Policy::external().to_builder();
    let policy = policy.attempt_timeout(Duration::from_millis(200));
    let client = Client::builder(policy.build().unwrap()).build().unwrap();
    let preflight = client.preflight(peer.url("http")).health_path("/health");
    let server = async { read_to_end(&mut peer.accept().await).await };
    let (report, _) = tokio::join!(run(preflight), server);

    assert_eq!(failure(&report), (Step::Health, Problem::TimedOut));
}

#[tokio::test]
async fn what_is_no_answer_is_told_apart() {
    for (bytes, problem) in [
        (&b"SSH-2.0-OpenSSH_9.6\r\n\r\n"[..], Problem::NotHttp),
        (b"", Problem::NoAnswer),
        (b"HTTP/1.1 200 OK\r\ncontent-le", Problem::NoAnswer),
    ] {
        let peer = Peer::new().await;
        let preflight = client().preflight(peer.url("http")).health_path("/health");
        let server = async {
            let mut tcp = peer.accept().await;
            read_request(&mut tcp).await;
            write(&mut tcp, bytes).await;
        };
        let (report, ()) = tokio::join!(run(preflight), server);

        assert_eq!(failure(&report), (Step::Health, problem), "{report}");
    }
}

//! What each failure proves: by its type and its phase.

use std::error::Error as StdError;
use std::io;

use http::{Request, Version};
use reqwest::dns::{Name, Resolve, Resolving};
use seawall::adapters::reqwest::ReqwestService;
use seawall::policy::{Failure, Progress};
use seawall::{Body, BoxError, Delivery, Error, ErrorKind, StopReason, TransportError};
use tower::ServiceExt;
use tower::util::MapErrLayer;

use super::support::{Act, Peer};
use super::{TENTH, built, keyed, nobody, over, pay, post, report, unkeyed};

const MAYBE_SENT: Failure = Failure::AttemptTimeout(Progress::MaybeSent);

/// How one attempt without any layer ends.
async fn attempt(transport: ReqwestService, request: Request<Body>) -> TransportError {
    transport.oneshot(request).await.expect_err("a failure")
}

#[tokio::test]
async fn a_refused_connection_was_not_sent_and_is_tried_again_without_a_key() {
    let url = nobody().await;
    let error = pay(over(built(), unkeyed()), &url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(error.failure(), Some(Failure::Refused));
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.report().attempts(), 3);
}

#[tokio::test]
async fn a_ready_made_client_proves_that_only_for_what_changes_nothing() {
    let url = nobody().await;
    let ready_made = || ReqwestService::ready_made(reqwest::Client::new());
    let error = pay(over(ready_made(), unkeyed()), &url).await.unwrap_err();
    // It may have been led there by the answer to the payment.
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.report().attempts(), 1);

    let get = Request::get(&url).body(Body::empty()).unwrap();
    assert_eq!(attempt(ready_made(), get).await.failure(), Failure::Refused);
}

#[tokio::test]
async fn no_error_shows_the_query() {
    let url = nobody().await;
    for error in [
        pay(over(built(), unkeyed()), &url).await.unwrap_err(),
        pay(over(built(), unkeyed()), &url.replace("http", "ftp"))
            .await
            .unwrap_err(),
    ] {
        let mut shown = format!("{error} {error:?}");
        let mut next = StdError::source(&error);
        while let Some(error) = next {
            shown += &error.to_string();
            next = error.source();
        }
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

#[tokio::test]
async fn a_stalled_server_is_unknown_and_only_a_key_lets_the_payment_go_again() {
    // Longer than a busy machine may stall.
    let patience = 15 * TENTH;
    let peer = Peer::new([Act::Stall]).await;
    let impatient = unkeyed().attempt_timeout(patience);
    let error = pay(over(built(), impatient), &peer.url())
        .await
        .unwrap_err();
    assert_eq!(error.failure(), Some(MAYBE_SENT));
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!((error.report().attempts(), peer.connections()), (1, 1));

    let peer = Peer::new([Act::Stall, Act::AnswerAndClose]).await;
    let impatient = keyed().attempt_timeout(patience);
    let paid = pay(over(built(), impatient), &peer.url()).await.unwrap();
    assert_eq!((report(&paid).attempts(), peer.connections()), (2, 2));
}

/// A connection that does not come about in time is unknown as well: nobody can ask reqwest.
#[tokio::test]
async fn an_attempt_timeout_proves_nothing_even_before_there_is_a_connection() {
    let builder = reqwest::Client::builder().dns_resolver(std::sync::Arc::new(Dns::Silent));
    let transport = ReqwestService::build(builder).unwrap();
    let policy = unkeyed()
        .attempt_timeout(TENTH)
        .require_https(false)
        .allow(seawall::Rule::PlainHttp, "nothing is sent here");
    let error = pay(over(transport, policy), "http://gateway.test/")
        .await
        .unwrap_err();
    assert_eq!(error.failure(), Some(MAYBE_SENT));
    assert_eq!(error.report().stop_reason(), StopReason::NotIdempotent);
}

#[tokio::test]
async fn reqwests_own_timeouts_are_told_apart_by_their_phase() {
    let peer = Peer::new([Act::Stall]).await;
    let total = reqwest::Client::builder().timeout(TENTH);
    let error = attempt(ReqwestService::build(total).unwrap(), post(&peer.url())).await;
    assert_eq!(error.failure(), MAYBE_SENT);

    let peer = Peer::new([Act::Stall]).await;
    let reading = reqwest::Client::builder().read_timeout(TENTH);
    let error = attempt(ReqwestService::build(reading).unwrap(), post(&peer.url())).await;
    assert_eq!(error.failure(), MAYBE_SENT);

    let connecting = reqwest::Client::builder()
        .dns_resolver(std::sync::Arc::new(Dns::Silent))
        .connect_timeout(TENTH);
    let transport = ReqwestService::build(connecting).unwrap();
    let error = attempt(transport, post("http://gateway.test/")).await;
    assert_eq!(error.failure(), Failure::ConnectTimeout);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_told_as_such() {
    let builder = reqwest::Client::builder().dns_resolver(std::sync::Arc::new(Dns::Unknown));
    let transport = ReqwestService::build(builder).unwrap();
    let error = attempt(transport, post("http://gateway.test/")).await;
    assert_eq!(error.failure(), Failure::Dns);
}

#[tokio::test]
async fn a_broken_handshake_is_told_by_its_type() {
    let untrusted = rustls::CertificateError::UnknownIssuer;
    for (tls, failure) in [
        (untrusted.into(), Failure::Certificate),
        (rustls::Error::DecryptError, Failure::Tls),
    ] {
        // As a TLS stream has it: in an error of the socket's kind.
        let broken: BoxError = io::Error::other(tls).into();
        assert_eq!(connecting(broken).await.failure(), failure);
    }
    let unreachable = io::Error::from(io::ErrorKind::NetworkUnreachable);
    assert_eq!(
        connecting(unreachable.into()).await.failure(),
        Failure::Connect
    );
}

/// How an attempt ends whose connection fails with this.
async fn connecting(error: BoxError) -> TransportError {
    let error = std::sync::Mutex::new(Some(error));
    let error = std::sync::Arc::new(error);
    let broken = MapErrLayer::new(move |_| error.lock().unwrap().take().expect("one attempt"));
    let builder = reqwest::Client::builder().connector_layer(broken);
    let transport = ReqwestService::build(builder).unwrap();
    attempt(transport, post(&nobody().await)).await
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_is_unknown() {
    for (act, failure) in [
        (Act::ResetRead, Failure::Reset),
        (Act::HalfAHead, Failure::Incomplete),
    ] {
        let peer = Peer::new([act]).await;
        let error = attempt(built(), post(&peer.url())).await;
        assert_eq!(error.failure(), failure);
        assert_eq!(error.failure().delivery(), Delivery::Unknown);
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_says_why() {
    for (url, fix) in [
        ("ftp://gateway.test/", "use http or https"),
        ("http://user@gateway.test/", "Authorization"),
    ] {
        let error = attempt(built(), post(url)).await;
        assert_eq!(error.failure(), Failure::InvalidRequest);
        let why = error.source().expect("a reason").to_string();
        assert!(why.contains(fix), "{why}");
    }
}

/// The server of a service hands requests on as they came, HTTP/2 ones too.
#[tokio::test]
async fn a_request_that_came_by_http2_goes_on_by_what_the_connection_speaks() {
    let peer = Peer::new([Act::AnswerAndClose]).await;
    let mut request = post(&peer.url());
    *request.version_mut() = Version::HTTP_2;
    let answer = built().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 201);
}

#[tokio::test]
async fn a_client_that_cannot_be_built_is_a_configuration_error() {
    let error: Error = ReqwestService::build(reqwest::Client::builder().user_agent("\n"))
        .expect_err("no header value");
    assert!(error.is_config(), "{error}");
    assert!(StdError::source(&error).is_some());
}

/// A resolver that never answers, or knows nobody.
enum Dns {
    Silent,
    Unknown,
}

impl Resolve for Dns {
    fn resolve(&self, _: Name) -> Resolving {
        match self {
            Self::Silent => Box::pin(std::future::pending()),
            Self::Unknown => Box::pin(async { Err(io::ErrorKind::NotFound.to_string().into()) }),
        }
    }
}

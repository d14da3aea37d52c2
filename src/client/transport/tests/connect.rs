//! Connections that do not come about: nothing was sent, and the phase is named.

use std::time::Duration;

use http::Method;
use tokio::net::TcpListener;

use super::peer::{Identity, Peer, answer, read_request, read_to_end, write};
use super::*;
use crate::client::transport::SetupError;
use crate::policy::{Delivery, Failure};

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    drop(listener);

    let error = post(&transport(), &url).await.expect_err("refused");

    assert_eq!(error.failure(), Failure::Refused);
    assert_eq!(error.failure().delivery(), Delivery::NotSent);
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    // RFC 6761 section 6.4: it never will.
    let error = post(&transport(), "http://gateway.invalid/")
        .await
        .expect_err("no such name");

    assert_eq!(error.failure(), Failure::Dns);
    assert_eq!(error.to_string(), "the host name did not resolve");
}

#[tokio::test]
async fn a_handshake_that_is_never_answered_ends_with_the_connect_timeout() {
    let peer = Peer::new().await;
    let timeout = Settings {
        connect_timeout: Duration::from_millis(50),
        ..settings()
    };
    let transport = Transport::new(&timeout).expect("plain settings");

    let call = tokio::spawn({
        let url = peer.url("https");
        async move { post(&transport, &url).await }
    });
    let mut tcp = peer.accept().await;
    let error = soon(call).await.expect("no panic").expect_err("a timeout");

    assert_eq!(error.failure(), Failure::ConnectTimeout);
    let seen = read_to_end(&mut tcp).await;
    assert_eq!(seen.first(), Some(&0x16), "a TLS hello, and then the end");
}

#[tokio::test]
async fn a_server_that_answers_the_handshake_with_garbage() {
    let peer = Peer::new().await;
    let transport = transport();
    let url = peer.url("https");
    let server = async {
        let mut tcp = peer.accept().await;
        write(&mut tcp, "HTTP/1.1 400 Bad Request\r\n\r\n").await;
        read_to_end(&mut tcp).await;
    };
    let (result, ()) = tokio::join!(post(&transport, &url), server);

    assert_eq!(result.expect_err("not TLS").failure(), Failure::Tls);
}

#[tokio::test]
async fn a_server_that_hangs_up_during_the_handshake() {
    // No TLS error is in this chain, only an end of file.
    let peer = Peer::new().await;
    let transport = transport();
    let url = peer.url("https");
    let server = async { drop(peer.accept().await) };
    let (result, ()) = tokio::join!(post(&transport, &url), server);

    let failure = result.expect_err("no handshake").failure();
    assert_eq!(failure, Failure::Tls);
    assert_eq!(failure.delivery(), Delivery::NotSent);
}

async fn handshake(settings: &Settings, identity: &Identity) -> Failure {
    let peer = Peer::new().await;
    let transport = Transport::new(settings).expect("valid settings");
    let url = peer.url("https");
    let server = async {
        let tcp = peer.accept().await;
        identity.try_accept(tcp).await.err();
    };
    let (result, ()) = tokio::join!(post(&transport, &url), server);
    result.expect_err("no trust").failure()
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for() {
    let identity = Identity::of("127.0.0.1");
    let failure = handshake(&settings(), &identity).await;

    assert_eq!(failure, Failure::Certificate);
    assert!(failure.is_permanent());
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let identity = Identity::of("other.test");
    assert_eq!(
        handshake(&identity.trusted(), &identity).await,
        Failure::Certificate
    );
}

#[tokio::test]
async fn an_extra_root_is_trusted_over_http1() {
    let (peer, identity) = (Peer::new().await, Identity::of("127.0.0.1"));
    let transport = Transport::new(&identity.trusted()).expect("a valid root");
    let url = peer.url("https");
    let server = async {
        let mut tls = peer.accept_tls(&identity, "http/1.1").await;
        let request = read_request(&mut tls).await;
        answer(&mut tls, "paid").await;
        request
    };
    let (result, request) = tokio::join!(post(&transport, &url), server);

    let response = result.expect("an answer");
    assert_eq!(response.version(), http::Version::HTTP_11);
    assert_eq!(text(response).await, "paid");
    assert!(
        request.starts_with("post /v1/payments http/1.1\r\n"),
        "{request}"
    );
    assert!(request.ends_with("payment"), "{request}");
}

#[tokio::test]
async fn an_extra_root_is_trusted_over_http2_when_the_server_offers_it() {
    let (peer, identity) = (Peer::new().await, Identity::of("127.0.0.1"));
    let transport = Transport::new(&identity.trusted()).expect("a valid root");
    let url = peer.url("https");
    let server = async {
        let tls = peer.accept_tls(&identity, "h2").await;
        let mut connection = soon(h2::server::handshake(tls)).await.expect("HTTP/2");
        let stream = soon(connection.accept()).await.expect("a stream");
        let (request, mut respond) = stream.expect("no error");
        respond
            .send_response(Response::new(()), true)
            .expect("an open stream");
        // The connection works while it is polled, until the client lets go of it.
        assert!(soon(connection.accept()).await.is_none(), "one request");
        request
    };
    let client = async {
        let version = post(&transport, &url)
            .await
            .map(|response| response.version());
        drop(transport);
        version
    };
    let (result, request) = tokio::join!(client, server);

    assert_eq!(result.expect("an answer"), http::Version::HTTP_2);
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.uri().path(), "/v1/payments");
}

#[tokio::test]
async fn a_root_that_is_no_certificate_is_refused_by_its_place() {
    let mut settings = Identity::of("127.0.0.1").trusted();
    settings
        .root_certificates
        .push(b"-----BEGIN CERTIFICATE-----".to_vec());

    let error = Transport::new(&settings).expect_err("PEM is not DER");

    assert!(
        matches!(error, SetupError::Root { index: 1, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("root certificate 1"), "{error}");
}

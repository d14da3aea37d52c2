//! The handshake: what is wrong with a certificate is told apart, and no credential is sent before
//! it is trusted.

use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::*;
use crate::client::transport::tests::peer::{Peer, answer, read_request, read_to_end, write};

async fn handshake(client: &Client, identity: &Identity) -> PreflightReport {
    let peer = Peer::new().await;
    let server = async {
        let tcp = peer.accept().await;
        // In TLS 1.3 a handshake may be over for the server before the client has said no.
        if let Ok(mut tls) = identity.try_accept(tcp).await {
            assert_eq!(read_to_end(&mut tls).await, b"", "nothing is sent");
        }
    };
    let preflight = full(client, &peer.url("https"));
    let (report, ()) = tokio::join!(run(preflight), server);
    report
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for() {
    let report = handshake(&client(), &Identity::of("127.0.0.1")).await;
    assert_eq!(failure(&report), (Step::Tls, Problem::CertificateIssuer));
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let identity = Identity::of("other.test");
    let report = handshake(&client_trusting(&identity), &identity).await;

    assert_eq!(failure(&report), (Step::Tls, Problem::CertificateName));
    assert_eq!(
        reason(&report),
        "the certificate is for `other.test`, not for `127.0.0.1`"
    );
}

#[tokio::test]
async fn a_certificate_that_has_expired() {
    let identity = Identity::expired("127.0.0.1");
    let report = handshake(&client_trusting(&identity), &identity).await;

    assert_eq!(failure(&report), (Step::Tls, Problem::CertificateExpired));
    assert!(reason(&report).ends_with(" days ago"), "{report}");
}

#[tokio::test]
async fn plain_text_where_tls_is_expected() {
    let peer = Peer::new().await;
    let server = async {
        let mut tcp = peer.accept().await;
        write(&mut tcp, "HTTP/1.1 400 Bad Request\r\n\r\n").await;
        read_to_end(&mut tcp).await
    };
    let preflight = full(&client(), &peer.url("https"));
    let (report, seen) = tokio::join!(run(preflight), server);

    assert_eq!(failure(&report), (Step::Tls, Problem::NotTls));
    assert_eq!(seen.first(), Some(&0x16), "a TLS hello, and then the end");
}

#[tokio::test]
async fn a_server_that_hangs_up_during_the_handshake() {
    let peer = Peer::new().await;
    let server = async { peer.accept().await.shutdown().await };
    let preflight = full(&client(), &peer.url("https"));
    let (report, _) = tokio::join!(run(preflight), server);

    assert_eq!(failure(&report), (Step::Tls, Problem::TlsBroken));
}

#[tokio::test]
async fn a_handshake_that_is_never_answered_ends_with_the_steps_limit() {
    let peer = Peer::new().await;
    let limit = Duration::from_millis(50);
    let preflight = full(&client(), &peer.url("https")).timeout(limit);
    let server = async { read_to_end(&mut peer.accept().await).await };
    let (report, _) = tokio::join!(run(preflight), server);

    assert_eq!(failure(&report), (Step::Tls, Problem::TimedOut));
    assert!(report.failed().unwrap().took() >= limit);
}

#[tokio::test]
async fn the_clients_connect_timeout_holds_without_a_limit() {
    let peer = Peer::new().await;
    let client = Client::builder(Policy::external())
        .connect_timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let server = async { read_to_end(&mut peer.accept().await).await };
    let preflight = full(&client, &peer.url("https"));
    let (report, _) = tokio::join!(run(preflight), server);

    assert_eq!(failure(&report), (Step::Tls, Problem::TimedOut));
}

#[tokio::test]
async fn a_trusted_certificate_lets_the_requests_through() {
    let (peer, identity) = (Peer::new().await, Identity::of("127.0.0.1"));
    let server = async {
        let mut requests = Vec::new();
        for _ in ["credentials", "health"] {
            let mut tls = peer.accept_tls(&identity, "http/1.1").await;
            requests.push(read_request(&mut tls).await);
            answer(&mut tls, "well").await;
        }
        requests
    };
    let preflight = full(&client_trusting(&identity), &peer.url("https"));
    let (report, requests) = tokio::join!(run(preflight), server);

    assert!(report.is_ok(), "{report}");
    assert_eq!(
        detail(&report, Step::Tls),
        "TLS 1.3, HTTP/1.1, the certificate is trusted"
    );
    assert!(requests[0].starts_with("get /account?of=s3cret http/1.1\r\n"));
    assert!(requests[1].starts_with("get /health http/1.1\r\n"));
    for request in &requests {
        assert!(request.contains("\r\nauthorization: bearer s3cret\r\n"));
        assert!(request.contains("\r\nhost: 127.0.0.1:"));
    }
}

#[tokio::test]
async fn http2_is_spoken_where_the_server_offers_it() {
    let (peer, identity) = (Peer::new().await, Identity::of("127.0.0.1"));
    let server = async {
        let tls = peer.accept_tls(&identity, "h2").await;
        let mut connection = soon(h2::server::handshake(tls)).await.expect("HTTP/2");
        let stream = soon(connection.accept()).await.expect("a stream");
        let (_, mut respond) = stream.expect("no error");
        let answer = http::Response::new(());
        respond.send_response(answer, true).expect("an open stream");
        assert!(soon(connection.accept()).await.is_none(), "one request");
    };
    let client = client_trusting(&identity);
    let preflight = client.preflight(peer.url("https")).health_path("/health");
    let (report, ()) = tokio::join!(run(preflight), server);

    assert!(report.is_ok(), "{report}");
    let tls = detail(&report, Step::Tls);
    assert_eq!(tls, "TLS 1.3, HTTP/2, the certificate is trusted");
}

//! What a failed attempt holds is given back before the wait: no connection waits along.

use tokio::net::TcpStream;

use super::*;
use crate::client::transport::tests::h2_peer::{H2Peer, HEADERS, RST_STREAM};

const HALF_A_503: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 8\r\n\r\ndown";

/// Longer than anything here takes.
const LONG_BACKOFF: Duration = Duration::from_secs(20);

fn backing_off() -> ClientBuilder {
    let policy = Policy::external_payments(Provider::generic());
    Client::builder(waiting(&policy, LONG_BACKOFF).build().unwrap())
}

async fn answer_half(peer: &Peer) -> TcpStream {
    let mut tcp = peer.accept().await;
    read_request(&mut tcp).await;
    write(&mut tcp, HALF_A_503).await;
    tcp
}

#[tokio::test]
async fn the_server_sees_the_connection_close_before_the_next_attempt() {
    let peer = Peer::new().await;
    let client = backing_off().build().unwrap();
    let call = tokio::spawn(client.post(peer.url("http")).body("{}").send());
    let mut first = answer_half(&peer).await;
    tokio::select! {
        biased;
        rest = read_to_end(&mut first) => assert!(rest.is_empty()),
        _ = peer.accept() => panic!("the next attempt came first"),
    }
    assert!(!call.is_finished());
    call.abort();
}

#[tokio::test]
async fn and_it_would_see_it_stay_open_while_somebody_holds_the_answer() {
    let peer = Peer::new().await;
    let policy = Policy::external_payments(Provider::generic());
    let once = waiting(&policy, LONG_BACKOFF)
        .max_attempts(1)
        .build()
        .unwrap();
    let (response, mut tcp) = tokio::join!(pay(Client::builder(once), &peer), answer_half(&peer));
    let response = response.unwrap();
    assert_eq!(response.status(), 503);
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
    let open = tcp.try_read(&mut [0]).unwrap_err();
    assert_eq!(open.kind(), std::io::ErrorKind::WouldBlock);
    drop(response);
    assert!(read_to_end(&mut tcp).await.is_empty());
}

#[tokio::test]
async fn over_http2_the_stream_is_reset_before_the_next_attempt() {
    let peer = Peer::new().await;
    let client = backing_off().http2_prior_knowledge().build().unwrap();
    let call = tokio::spawn(client.post(peer.url("http")).body("{}").send());
    let mut h2 = H2Peer::accept(&peer, &[]).await;
    let stream = h2.request().await;
    // `:status: 503`, and a body that does not come.
    h2.send(HEADERS, 0x4, stream, b"\x08\x03503").await;
    let next = loop {
        let frame = h2.frame().await.expect("the connection stays open");
        if frame.stream != 0 {
            break frame;
        }
    };
    assert_eq!((next.kind, next.stream), (RST_STREAM, stream));
    assert!(!call.is_finished());
    call.abort();
}

#[tokio::test]
async fn a_connection_whose_answer_was_read_to_its_end_serves_the_next_attempt() {
    let peer = Peer::new().await;
    let server = async {
        let mut tcp = peer.accept().await;
        for status in ["503 Service Unavailable", "201 Created"] {
            read_request(&mut tcp).await;
            write(
                &mut tcp,
                format!("HTTP/1.1 {status}\r\ncontent-length: 4\r\n\r\nbody"),
            )
            .await;
        }
    };
    let (answer, ()) = tokio::join!(pay_and_collect(payments(), &peer), server);
    assert_eq!(answer.unwrap().report().attempts(), 2);
}

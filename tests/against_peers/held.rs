//! What is held while a retry waits.

use std::time::{Duration, Instant};

use seawall::{Backoff, Jitter};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::{TENTH, payments, reqwest_retry, seawall};

/// A 503 whose body takes its time.
const FAILED: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 1000000\r\n\r\n...";
const PAID: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\npaid";

/// A server that fails the first request, and takes the second. It says how long the connection of
/// the first was open.
async fn server() -> (String, oneshot::Receiver<Duration>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/payments", listener.local_addr().unwrap());
    let (told, open) = oneshot::channel();
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        tokio::spawn(fail(tcp, told));
        let (mut tcp, _) = listener.accept().await.unwrap();
        read(&mut tcp).await;
        tcp.write_all(PAID).await.unwrap();
    });
    (url, open)
}

#[expect(clippy::disallowed_methods, reason = "real sockets, real time")]
async fn fail(mut tcp: TcpStream, told: oneshot::Sender<Duration>) {
    let since = Instant::now();
    read(&mut tcp).await;
    tcp.write_all(FAILED).await.unwrap();
    while tcp.read(&mut [0]).await.is_ok_and(|read| read > 0) {}
    let _ = told.send(since.elapsed());
}

async fn read(tcp: &mut TcpStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n{}") {
        tcp.read_buf(&mut request).await.unwrap();
    }
}

#[tokio::test]
async fn the_failed_response_holds_its_connection_through_the_wait() {
    let (url, open) = server().await;
    let theirs = reqwest_retry().post(url).body("{}").send().await.unwrap();
    assert_eq!(theirs.status(), 200);
    assert!(open.await.unwrap() >= TENTH, "until the retry");

    // Long enough for any machine: whoever holds the connection holds it until then.
    let wait = Backoff::new(200 * TENTH, 1.0, 200 * TENTH, Jitter::Proportional(0.1)).unwrap();
    let (url, open) = server().await;
    let payment = seawall(payments().backoff(wait)).post(url).body("{}");
    tokio::select! {
        biased;
        ours = payment.send() => unreachable!("the connection was held until {ours:?}"),
        closed = open => assert!(closed.is_ok(), "while the retry waits"),
    }
}

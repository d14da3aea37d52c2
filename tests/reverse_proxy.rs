//! The layers as a reverse proxy: axum before them, hyper-util's client behind. Real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../examples/reverse_proxy/proxy.rs"]
mod proxy;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use seawall::{Backoff, Delivery, Jitter, Policy, Report, StopReason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tower::ServiceExt;

/// Waits that a test can afford.
fn policy() -> Policy {
    let wait = Duration::from_millis(50);
    let backoff = Backoff::new(wait, 1.0, wait, Jitter::None).unwrap();
    Policy::internal()
        .to_builder()
        .backoff(backoff)
        .build()
        .unwrap()
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

fn router(upstream: &str) -> Router {
    proxy::router(&upstream.parse().unwrap(), policy()).unwrap()
}

/// The proxy, on a port of its own, and a connection to it.
async fn calling(upstream: &str) -> TcpStream {
    let (listener, url) = listen().await;
    let router = router(upstream);
    tokio::spawn(async move { axum::serve(listener, router).await });
    soon(TcpStream::connect(&url[7..])).await.unwrap()
}

async fn accept(listener: &TcpListener) -> TcpStream {
    soon(listener.accept()).await.unwrap().0
}

async fn write(tcp: &mut TcpStream, text: &str) {
    soon(tcp.write_all(text.as_bytes())).await.unwrap();
}

/// Up to and with this text.
async fn read_to(tcp: &mut TcpStream, end: &str) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(end.as_bytes()) {
        seen.push(soon(tcp.read_u8()).await.expect(end));
    }
    String::from_utf8(seen).unwrap()
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(10), what)
        .await
        .expect("nothing hangs")
}

/// One answer to each connection, and the end of it. How many there were is how many are left over.
fn answers(listener: TcpListener, answers: &'static [&'static str]) {
    tokio::spawn(async move {
        for answer in answers {
            let mut tcp = accept(&listener).await;
            read_to(&mut tcp, "\r\n\r\n").await;
            write(&mut tcp, answer).await;
        }
    });
}

#[tokio::test]
async fn bodies_stream_both_ways() {
    let (listener, url) = listen().await;
    let mut caller = calling(&url).await;
    let head = "POST /rows?x=1 HTTP/1.1\r\nhost: me\r\ntransfer-encoding: chunked\r\n\r\n";
    write(&mut caller, &format!("{head}3\r\none\r\n")).await;

    let mut upstream = accept(&listener).await;
    let head = read_to(&mut upstream, "3\r\none\r\n").await;
    let host = format!("host: {}\r\n", &url[7..]);
    assert!(
        head.starts_with("POST /rows?x=1 HTTP/1.1\r\n") && head.contains(&host),
        "{head}"
    );
    write(&mut caller, "3\r\ntwo\r\n0\r\n\r\n").await;
    read_to(&mut upstream, "3\r\ntwo\r\n0\r\n\r\n").await;

    write(
        &mut upstream,
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nred\r\n",
    )
    .await;
    read_to(&mut caller, "3\r\nred\r\n").await;
    write(&mut upstream, "5\r\ngreen\r\n0\r\n\r\n").await;
    read_to(&mut caller, "5\r\ngreen\r\n0\r\n\r\n").await;
}

#[tokio::test]
async fn a_body_that_breaks_is_no_clean_end() {
    let (listener, url) = listen().await;
    let mut caller = calling(&url).await;
    write(&mut caller, "GET / HTTP/1.1\r\nhost: me\r\n\r\n").await;
    let mut upstream = accept(&listener).await;
    read_to(&mut upstream, "\r\n\r\n").await;
    write(
        &mut upstream,
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nred\r\n",
    )
    .await;
    read_to(&mut caller, "3\r\nred\r\n").await;
    drop(upstream);
    let mut rest = Vec::new();
    let _ = soon(caller.read_to_end(&mut rest)).await;
    assert_eq!(rest, b"");
}

#[tokio::test]
async fn a_length_beside_chunks_cuts_nothing_off() {
    let (listener, url) = listen().await;
    answers(
        listener,
        &[
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n6\r\nwhole!\r\n0\r\n\r\n",
        ],
    );
    let mut caller = calling(&url).await;
    write(&mut caller, "GET / HTTP/1.1\r\nhost: me\r\n\r\n").await;
    let head = read_to(&mut caller, "\r\n\r\n").await;
    assert!(!head.contains("content-length"), "{head}");
    read_to(&mut caller, "6\r\nwhole!\r\n0\r\n\r\n").await;
}

#[tokio::test]
async fn what_asks_for_no_path_is_no_reason_to_panic() {
    let (listener, url) = listen().await;
    drop(listener);
    for (method, target) in [("CONNECT", "other.example:443"), ("OPTIONS", "*")] {
        let request = Request::builder().method(method).uri(target);
        let request = request.body(Body::empty()).unwrap();
        let answer = soon(router(&url).oneshot(request)).await.unwrap();
        assert!(!answer.status().is_success(), "{method}: {answer:?}");
    }
}

#[tokio::test]
async fn a_retry_after_passes_once_and_is_then_answered_here() {
    let (listener, url) = listen().await;
    answers(
        listener,
        &[
            "HTTP/1.1 503 Wait\r\nretry-after: 60\r\ncontent-length: 4\r\nconnection: close\r\n\r\nwait",
        ],
    );
    let router = router(&url);
    let get = || Request::get("/").body(Body::empty()).unwrap();

    let theirs = soon(router.clone().oneshot(get())).await.unwrap();
    assert_eq!(theirs.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(theirs.headers()["retry-after"], "60");
    let report = Report::in_extensions(&theirs).unwrap().clone();
    assert_eq!(
        (report.attempts(), report.delivery()),
        (1, Delivery::Rejected)
    );
    let body = theirs.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "wait");

    // Nobody listens any more, and nobody is asked.
    let ours = soon(router.oneshot(get())).await.unwrap();
    assert_eq!(ours.status(), StatusCode::SERVICE_UNAVAILABLE);
    let report = Report::in_extensions(&ours).unwrap();
    assert_eq!(
        (report.attempts(), report.delivery()),
        (0, Delivery::NotSent)
    );
    assert_eq!(report.stop_reason().as_str(), "gate_closed");
    let seconds: u64 = ours.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((59..=130).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn a_stream_is_sent_again_from_what_was_kept() {
    let (listener, url) = listen().await;
    answers(
        listener,
        &[
            "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ndone",
        ],
    );
    let put = Request::put("/").body(Body::from("rows")).unwrap();
    let response = soon(router(&url).oneshot(put)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let report = Report::in_extensions(&response).unwrap();
    assert_eq!(
        (report.attempts(), report.stop_reason()),
        (2, StopReason::Answered)
    );
}

//! Bodies, as they come, in both directions.

use seawall::testing::{Fault, Gateway};
use tokio::io::AsyncReadExt;

use crate::support::{
    PAYMENTS, Sidecar, accept, connect, listener, read_request, read_to, rest, soon, write,
};

const GET: &str = "GET / HTTP/1.1\r\nhost: me\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

#[tokio::test]
async fn a_chunk_arrives_before_the_upstream_has_sent_the_next() {
    let (listener, url) = listener().await;
    let sidecar = Sidecar::start(&url, PAYMENTS).await;
    let mut caller = connect(sidecar.address).await;
    write(&mut caller, GET).await;
    let mut upstream = accept(&listener).await;
    read_request(&mut upstream).await;

    write(&mut upstream, CHUNKED).await;
    let head = read_to(&mut caller, "\r\n\r\n").await;
    assert!(head.contains("seawall-attempts: 1\r\n"), "{head}");
    for chunk in ["one", "two"] {
        write(&mut upstream, &format!("3\r\n{chunk}\r\n")).await;
        read_to(&mut caller, &format!("3\r\n{chunk}\r\n")).await;
    }
    write(&mut upstream, "0\r\n\r\n").await;
    read_to(&mut caller, "0\r\n\r\n").await;
}

#[tokio::test]
async fn a_chunk_reaches_the_upstream_before_the_caller_has_sent_the_next() {
    let (listener, url) = listener().await;
    let sidecar = Sidecar::start(&url, PAYMENTS).await;
    let mut caller = connect(sidecar.address).await;
    let head =
        "POST / HTTP/1.1\r\nhost: me\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    write(&mut caller, head).await;
    write(&mut caller, "3\r\none\r\n").await;
    let mut upstream = accept(&listener).await;
    read_to(&mut upstream, "3\r\none\r\n").await;
    write(&mut caller, "3\r\ntwo\r\n").await;
    read_to(&mut upstream, "3\r\ntwo\r\n").await;
    write(&mut caller, "0\r\n\r\n").await;
    read_to(&mut upstream, "0\r\n\r\n").await;
    write(&mut upstream, "HTTP/1.1 204 No Content\r\n\r\n").await;
    assert!(rest(&mut caller).await.starts_with("HTTP/1.1 204"));
}

#[tokio::test]
async fn trailers_reach_who_takes_them() {
    for (te, arrive) in [("te: trailers\r\n", true), ("", false)] {
        let (listener, url) = listener().await;
        let sidecar = Sidecar::start(&url, PAYMENTS).await;
        let upstream = async {
            let mut tcp = accept(&listener).await;
            let request = read_request(&mut tcp).await;
            assert_eq!(request.contains("te: trailers"), arrive, "{request}");
            let answer = "HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n";
            write(
                &mut tcp,
                &format!("{answer}2\r\nok\r\n0\r\nx-sum: 17\r\n\r\n"),
            )
            .await;
        };
        let (answer, ()) = tokio::join!(sidecar.get("/", te), upstream);
        assert_eq!(answer.body.contains("x-sum: 17"), arrive, "{answer:?}");
        assert!(answer.body.starts_with("2\r\nok\r\n0\r\n"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_upstream_breaks_downstream() {
    for (head, sent) in [
        (CHUNKED, "3\r\none\r\n"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n", "one"),
    ] {
        let (listener, url) = listener().await;
        let sidecar = Sidecar::start(&url, PAYMENTS).await;
        // It would be kept for the next request if all were well.
        let mut caller = connect(sidecar.address).await;
        write(&mut caller, GET).await;
        let mut upstream = accept(&listener).await;
        read_request(&mut upstream).await;
        write(&mut upstream, &format!("{head}{sent}")).await;
        read_to(&mut caller, "\r\n\r\n").await;
        read_to(&mut caller, sent).await;
        drop(upstream);
        assert_eq!(rest(&mut caller).await, "", "no last chunk, and the end");
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_cancels_the_call() {
    let (listener, url) = listener().await;
    let sidecar = Sidecar::start(&url, PAYMENTS).await;
    // Before the head, and in the middle of the body.
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\none"] {
        let mut caller = connect(sidecar.address).await;
        write(&mut caller, GET).await;
        let mut upstream = accept(&listener).await;
        read_request(&mut upstream).await;
        write(&mut upstream, answer).await;
        if !answer.is_empty() {
            read_to(&mut caller, "one").await;
        }
        drop(caller);
        assert_eq!(soon(upstream.read(&mut [0])).await.unwrap_or(0), 0);
    }
}

#[tokio::test]
async fn callers_that_stall_do_not_open_the_circuit() {
    let gateway = Gateway::start().await.unwrap();
    let policy = PAYMENTS.replace("'2s'", "'400ms'") + "circuit = { consecutive_failures = 5 }";
    let sidecar = Sidecar::start(&gateway.url(), &policy).await;
    let head = "POST /payments HTTP/1.1\r\nhost: me\r\nconnection: close\r\n";
    for (length, begun) in [
        ("transfer-encoding: chunked", "1\r\n{\r\n"),
        ("content-length: 2", "{"),
    ]
    .repeat(3)
    {
        let request = format!("{head}{length}\r\n\r\n{begun}");
        let stalled = sidecar.ask(&request).await;
        assert_eq!(
            (stalled.status, stalled.told()[0]),
            (400, "1"),
            "{stalled:?}"
        );
        assert_eq!(stalled.seconds(), None);
    }
    let paid = sidecar.post("/payments", "", "{}").await;
    assert_eq!((paid.status, paid.told()), (200, ["1", "done", "answered"]));

    // The gateway that stalls is another matter.
    gateway.next(Fault::Stall);
    let late = sidecar
        .post("/payments", "seawall-deadline: 300ms\r\n", "{}")
        .await;
    assert_eq!((late.status, late.told()[1]), (504, "unknown"));
}

#[tokio::test]
async fn a_stream_within_its_limit_is_sent_again() {
    let gateway = Gateway::start().await.unwrap();
    gateway.next(Fault::ResetAfterRead);
    let sidecar = Sidecar::start(&gateway.url(), PAYMENTS).await;
    let body = "x".repeat(64 * 1024);
    let paid = sidecar.post("/payments", "", &body).await;
    assert_eq!((paid.status, paid.told()), (200, ["2", "done", "answered"]));
    assert_eq!(gateway.charges()[0].body, body);
}

#[tokio::test]
async fn a_stream_past_its_limit_is_sent_once() {
    let gateway = Gateway::start().await.unwrap();
    let sidecar = Sidecar::start(&gateway.url(), PAYMENTS).await;
    let body = "x".repeat(64 * 1024 + 1);
    let paid = sidecar.post("/payments", "", &body).await;
    assert_eq!(
        (paid.status, gateway.charges()[0].body.len()),
        (200, body.len())
    );

    gateway.next(Fault::ResetAfterRead);
    let lost = sidecar.post("/payments", "", &body).await;
    assert_eq!(lost.status, 502);
    assert_eq!(lost.told(), ["1", "unknown", "body_not_replayable"]);
    assert_eq!(gateway.charges().len(), 1);
}

#[tokio::test]
async fn a_long_body_with_a_key_of_its_own_is_not_gathered_either() {
    let (listener, url) = listener().await;
    let sidecar = Sidecar::start(&url, PAYMENTS).await;
    let length = 64 * 1024 + 1;
    let mut caller = connect(sidecar.address).await;
    let head = "POST / HTTP/1.1\r\nhost: me\r\nconnection: close\r\nidempotency-key: 17\r\n";
    write(
        &mut caller,
        &format!("{head}content-length: {length}\r\n\r\nbegin"),
    )
    .await;
    let mut upstream = accept(&listener).await;
    read_to(&mut upstream, "\r\n\r\nbegin").await;
    let more = "x".repeat(length - "begin".len());
    write(&mut caller, &more).await;
    read_to(&mut upstream, &more).await;
    write(&mut upstream, "HTTP/1.1 204 No Content\r\n\r\n").await;
    assert!(rest(&mut caller).await.starts_with("HTTP/1.1 204"));
}

#[tokio::test]
async fn a_large_answer_is_not_gathered_here() {
    let (listener, url) = listener().await;
    let sidecar = Sidecar::start(&url, PAYMENTS).await;
    let mut caller = connect(sidecar.address).await;
    write(&mut caller, GET).await;
    let mut upstream = accept(&listener).await;
    read_request(&mut upstream).await;
    // More than sockets hold, and more than the client collects.
    let length = 64 * 1024 * 1024;
    write(
        &mut upstream,
        &format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n"),
    )
    .await;
    let sent = tokio::spawn(async move {
        let part = "x".repeat(1024 * 1024);
        for _ in 0..64 {
            write(&mut upstream, &part).await;
        }
    });
    read_to(&mut caller, "\r\n\r\n").await;
    tokio::task::yield_now().await;
    assert!(!sent.is_finished(), "nobody has read it yet");
    let mut buffer = vec![0; length];
    soon(caller.read_exact(&mut buffer)).await.unwrap();
    sent.await.unwrap();
}

//! Messages that are not as they should be, from either side: nobody is misled by them.

use crate::support::{PAYMENTS, Sidecar, Upstream, accept, listener, read_to, write};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

#[tokio::test]
async fn a_caller_cannot_have_its_key_taken_away() {
    let upstream = Upstream::answering(OK).await;
    let sidecar = Sidecar::start(&upstream.url(), PAYMENTS).await;
    for (field, status) in [("Idempotency-Key", 400), ("authorization", 400), ("x", 200)] {
        let head = format!("connection: {field}\r\nidempotency-key: 17\r\n");
        let answer = sidecar.post("/payments", &head, "{}").await;
        assert_eq!(answer.status, status, "{field}");
    }
    assert_eq!(upstream.requests().len(), 1);
    assert!(upstream.requests()[0].contains("idempotency-key: 17\r\n"));
}

#[tokio::test]
async fn a_request_with_two_lengths_is_one_request() {
    let upstream = Upstream::answering(OK).await;
    let sidecar = Sidecar::start(&upstream.url(), PAYMENTS).await;
    let second = "GET /second HTTP/1.1\r\nhost: me\r\nconnection: close\r\n\r\n";
    for (lengths, body, status) in [
        (
            "content-length: 3\r\ntransfer-encoding: chunked\r\n",
            "0\r\n\r\n",
            200,
        ),
        (
            "transfer-encoding: chunked\r\ncontent-length: 3\r\n",
            "0\r\n\r\n",
            200,
        ),
        ("content-length: 2\r\ncontent-length: 3\r\n", "{}", 400),
        ("content-length: +2\r\n", "{}", 400),
        (
            "transfer-encoding: chunked\r\ntransfer-encoding: gzip\r\n",
            "0\r\n\r\n",
            400,
        ),
    ] {
        let head = format!("POST /first HTTP/1.1\r\nhost: me\r\n{lengths}\r\n");
        let answer = sidecar.ask(&format!("{head}{body}{second}")).await;
        assert_eq!(answer.status, status, "{lengths}");
        assert!(!answer.body.contains("HTTP/1.1"), "{lengths}: {answer:?}");
    }
    let seen = upstream.requests();
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(
        seen.iter().all(|request| !request.contains("second")),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_request_in_another_coding_is_not_sent_on_without_it() {
    let upstream = Upstream::answering(OK).await;
    let sidecar = Sidecar::start(&upstream.url(), PAYMENTS).await;
    for (coding, status) in [
        ("gzip, chunked", 501),
        ("chunked, chunked", 501),
        ("chunked", 200),
    ] {
        let head = "POST / HTTP/1.1\r\nhost: me\r\nconnection: close\r\ntransfer-encoding";
        let body = "2\r\n{}\r\n0\r\n\r\n";
        let answer = sidecar
            .ask(&format!("{head}: {coding}\r\n\r\n{body}"))
            .await;
        assert_eq!(answer.status, status, "{coding}");
    }
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_request_names_one_host() {
    let upstream = Upstream::answering(OK).await;
    let sidecar = Sidecar::start(&upstream.url(), PAYMENTS).await;
    for (hosts, version, status) in [
        ("", "1.1", 400),
        ("host: me\r\nhost: you\r\n", "1.1", 400),
        ("", "1.0", 200),
    ] {
        let head = format!("GET / HTTP/{version}\r\nconnection: close\r\n{hosts}\r\n");
        assert_eq!(sidecar.ask(&head).await.status, status, "{hosts}");
    }
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_is_whole_whatever_length_it_tells_beside_its_chunks() {
    let upstream = Upstream::answering(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\
         transfer-encoding: chunked\r\n\r\n6\r\nwhole!\r\n0\r\n\r\n",
    )
    .await;
    let sidecar = Sidecar::start(&upstream.url(), PAYMENTS).await;
    let answer = sidecar.get("/", "").await;
    assert_eq!(answer.header("content-length"), None);
    assert_eq!(answer.body, "6\r\nwhole!\r\n0\r\n\r\n");
}

#[tokio::test]
async fn a_length_that_is_told_twice_is_told_once() {
    for (lengths, told) in [
        ("content-length: 2\r\ncontent-length: 2\r\n", Some("2")),
        ("content-length: 2, 2\r\n", Some("2")),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{lengths}\r\n");
        for (method, body) in [("GET", "ok"), ("HEAD", "")] {
            let upstream = Upstream::answering(format!("{head}{body}").leak()).await;
            let sidecar = Sidecar::start(&upstream.url(), PAYMENTS).await;
            let ask = format!("{method} / HTTP/1.1\r\nhost: me\r\nconnection: close\r\n\r\n");
            let answer = sidecar.ask(&ask).await;
            assert_eq!(answer.header("content-length"), told, "{method} {lengths}");
            assert_eq!((answer.status, &*answer.body), (200, body));
        }
    }
}

#[tokio::test]
async fn an_answer_in_another_coding_is_none() {
    let upstream = Upstream::answering(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: gzip, chunked\r\n\r\n\
         2\r\nok\r\n0\r\n\r\n",
    )
    .await;
    let sidecar = Sidecar::start(&upstream.url(), PAYMENTS).await;
    let answer = sidecar.get("/", "").await;
    assert_eq!(
        (answer.status, answer.told()),
        (502, ["1", "done", "answered"])
    );
    assert_eq!(answer.problem()["code"], "transfer_coding");
}

#[tokio::test]
async fn nobody_speaks_in_our_name_in_trailers_either() {
    let (listener, url) = listener().await;
    let sidecar = Sidecar::start(&url, PAYMENTS).await;
    let trailer = "trailer: x-sum, seawall-delivery, keep-alive\r\n";
    let last = "0\r\nx-sum: 17\r\nseawall-delivery: not_sent\r\nkeep-alive: timeout=5\r\n\r\n";
    let upstream = async {
        let mut tcp = accept(&listener).await;
        let request = read_to(&mut tcp, "\r\n0\r\nx-sum: 17\r\n\r\n").await;
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n";
        write(&mut tcp, &format!("{head}{trailer}\r\n2\r\nok\r\n{last}")).await;
        request
    };
    let head = "POST / HTTP/1.1\r\nhost: me\r\nconnection: close\r\nte: trailers\r\n\
                transfer-encoding: chunked\r\n";
    let request = format!("{head}{trailer}\r\n2\r\n{{}}\r\n{last}");
    let (answer, _) = tokio::join!(sidecar.ask(&request), upstream);
    assert_eq!(answer.body, "2\r\nok\r\n0\r\nx-sum: 17\r\n\r\n");
    assert_eq!(answer.told(), ["1", "done", "answered"]);
}

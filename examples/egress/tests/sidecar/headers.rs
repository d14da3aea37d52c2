//! Which headers and targets pass, and which do not.

use seawall::testing::Gateway;

use crate::support::{
    PAYMENTS, Sidecar, Upstream, accept, connect, listener, read_request, read_to, rest, write,
};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

#[tokio::test]
async fn path_and_query_follow_the_base_and_the_host_is_the_upstreams() {
    let upstream = Upstream::answering(OK).await;
    let url = upstream.url();
    for (base, path) in [
        ("", "/payments?a=1&b=%2F"),
        ("/v1", "/v1/payments?a=1&b=%2F"),
        ("/v1/", "/v1/payments?a=1&b=%2F"),
    ] {
        let sidecar = Sidecar::start(&format!("{url}{base}"), PAYMENTS).await;
        let answer = sidecar
            .get("/payments?a=1&b=%2F", "via: 1.0 shop\r\n")
            .await;
        assert_eq!((answer.status, &*answer.body), (200, "ok"));
        let request = upstream.requests().pop().unwrap();
        let line = format!("get {path} http/1.1\r\n").to_lowercase();
        assert!(request.starts_with(&line), "{request}");
        let host = format!("\r\nhost: {}\r\n", &url[7..]);
        assert!(
            request.contains(&host) && !request.contains("host: me"),
            "{request}"
        );
        assert!(
            request.contains("via: 1.0 shop\r\nvia: 1.1 seawall-egress\r\n"),
            "{request}"
        );
    }
}

#[tokio::test]
async fn headers_for_one_hop_end_here_in_both_directions() {
    let upstream = Upstream::answering(
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close, X-Theirs\r\nx-theirs: 1\r\n\
         keep-alive: timeout=5\r\nproxy-authenticate: Basic\r\nupgrade: h2c\r\nx-end: 2\r\n\
         set-cookie: a=1\r\nset-cookie: b=2\r\n\r\nok",
    )
    .await;
    let sidecar = Sidecar::start(&upstream.url(), PAYMENTS).await;
    let head = "GET / HTTP/1.1\r\nhost: me\r\nconnection: close, X-Mine\r\nx-mine: 1\r\n\
                keep-alive: timeout=5\r\nproxy-connection: close\r\nproxy-authorization: Basic x\r\n\
                te: gzip\r\nupgrade: h2c\r\nx-end: 2\r\nauthorization: Bearer x\r\ncookie: c=1\r\n\r\n";
    let answer = sidecar.ask(head).await;

    let request = upstream.requests().pop().unwrap();
    for gone in [
        "connection:",
        "x-mine",
        "keep-alive",
        "proxy-",
        "\r\nte:",
        "upgrade",
        "transfer-encoding",
    ] {
        assert!(!request.contains(gone), "{gone}: {request}");
    }
    for there in ["x-end: 2", "authorization: bearer x", "cookie: c=1"] {
        assert!(request.contains(there), "{there}: {request}");
    }
    for gone in ["x-theirs", "keep-alive", "proxy-", "upgrade"] {
        assert!(!answer.head.contains(gone), "{gone}: {answer:?}");
    }
    for there in ["x-end: 2", "set-cookie: a=1\r\nset-cookie: b=2"] {
        assert!(answer.head.contains(there), "{there}: {answer:?}");
    }
}

#[tokio::test]
async fn nobody_else_speaks_in_our_name() {
    let upstream = Upstream::answering(
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\nseawall-attempts: 9\r\n\
         seawall-delivery: not_sent\r\nseawall-stop-reason: x\r\nseawall-more: x\r\n\r\nok",
    )
    .await;
    let sidecar = Sidecar::start(&upstream.url(), PAYMENTS).await;
    let answer = sidecar
        .get(
            "/",
            "seawall-attempts: 7\r\nseawall-priority: background\r\n",
        )
        .await;
    assert_eq!(answer.told(), ["1", "done", "answered"]);
    assert_eq!(answer.head.matches("seawall-").count(), 3, "{answer:?}");
    assert!(!upstream.requests()[0].contains("seawall-attempts"));
    assert!(!upstream.requests()[0].contains("seawall-priority"));
}

#[tokio::test]
async fn what_is_not_for_this_upstream_reaches_nobody() {
    let upstream = Upstream::answering(OK).await;
    let sidecar = Sidecar::start(&format!("{}/v1", upstream.url()), PAYMENTS).await;
    for (line, headers, status, code) in [
        ("GET http://other.example/x", "", 421, "other_host"),
        ("GET /../admin", "", 400, "path_climbs"),
        ("GET /a/%2e%2e/%2E./admin", "", 400, "path_climbs"),
        ("OPTIONS *", "", 400, "no_path"),
        ("CONNECT other.example:443", "", 501, "not_supported"),
        ("GET /x", "upgrade: websocket\r\n", 501, "not_supported"),
        ("TRACE /x", "max-forwards: 0\r\n", 501, "not_supported"),
        ("GET /x", "via: 1.1 seawall-egress\r\n", 508, "loop"),
    ] {
        let head = format!("{line} HTTP/1.1\r\nhost: me\r\nconnection: close\r\n{headers}\r\n");
        let refused = sidecar.ask(&head).await;
        assert_eq!(refused.status, status, "{line}");
        assert_eq!(refused.told(), ["0", "not_sent", "permanent"], "{line}");
        assert_eq!(refused.problem()["code"], code, "{line}");
    }
    assert_eq!(upstream.requests(), [""; 0]);

    // In absolute form the upstream's own name is as good as none.
    let head = format!(
        "GET {}/x HTTP/1.1\r\nhost: me\r\nconnection: close\r\n\r\n",
        upstream.url()
    );
    assert_eq!(sidecar.ask(&head).await.status, 200);
    assert!(upstream.requests()[0].starts_with("get /v1/x "));
}

#[tokio::test]
async fn a_caller_that_waits_for_100_gets_it_here() {
    let upstream = Upstream::answering(OK).await;
    let sidecar = Sidecar::start(&upstream.url(), PAYMENTS).await;
    let mut caller = connect(sidecar.address).await;
    let head = "POST / HTTP/1.1\r\nhost: me\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n";
    write(&mut caller, head).await;
    assert!(
        read_to(&mut caller, "\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 100")
    );
    write(&mut caller, "body").await;
    assert!(rest(&mut caller).await.starts_with("HTTP/1.1 200"));
    let request = upstream.requests().pop().unwrap();
    assert!(
        request.ends_with("\r\n\r\nbody") && !request.contains("expect"),
        "{request}"
    );
}

#[tokio::test]
async fn a_head_has_the_length_of_a_get() {
    let upstream =
        Upstream::answering("HTTP/1.1 200 OK\r\ncontent-length: 1234\r\nconnection: close\r\n\r\n")
            .await;
    let sidecar = Sidecar::start(&upstream.url(), PAYMENTS).await;
    let answer = sidecar
        .ask("HEAD / HTTP/1.1\r\nhost: me\r\nconnection: close\r\n\r\n")
        .await;
    assert_eq!(
        (answer.header("content-length"), &*answer.body),
        (Some("1234"), "")
    );
    assert_eq!(answer.told(), ["1", "done", "answered"]);
}

#[tokio::test]
async fn an_upstream_that_switches_protocols_unasked_is_a_502() {
    let (listener, url) = listener().await;
    let sidecar = Sidecar::start(&url, PAYMENTS).await;
    let upstream = async {
        let mut tcp = accept(&listener).await;
        read_request(&mut tcp).await;
        let switch =
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n";
        write(&mut tcp, switch).await;
        rest(&mut tcp).await
    };
    let (answer, _) = tokio::join!(sidecar.get("/", ""), upstream);
    assert_eq!((answer.status, answer.told()[0]), (502, "1"));
    assert_eq!(answer.problem()["code"], "protocol_switched");
}

#[tokio::test]
async fn an_upstream_that_speaks_http2_is_answered_for_in_http1() {
    let gateway = Gateway::start().await.unwrap();
    let client = format!(
        "url = '{}'\nhttp2_prior_knowledge = true\n[policy]\n{PAYMENTS}",
        gateway.url()
    );
    let sidecar = Sidecar::with(&gateway.url(), PAYMENTS, |settings| {
        settings.client = toml::from_str(&client).unwrap();
    })
    .await;
    let paid = sidecar.post("/payments", "te: trailers\r\n", "{}").await;
    assert_eq!((paid.status, paid.told()), (200, ["1", "done", "answered"]));
    assert!(paid.head.starts_with("http/1.1 200"), "{paid:?}");
    assert_eq!(gateway.charges().len(), 1);
}

#[tokio::test]
async fn an_old_upstream_is_answered_for_in_http11() {
    let upstream = Upstream::answering("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let sidecar = Sidecar::start(&upstream.url(), PAYMENTS).await;
    let answer = sidecar.get("/", "").await;
    assert!(answer.head.starts_with("http/1.1 200"), "{answer:?}");
    assert_eq!(answer.body, "ok");
}

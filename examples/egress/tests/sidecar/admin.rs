//! The admin port.

use std::fs;
use std::time::Duration;

use seawall::testing::Gateway;
use tokio::net::TcpStream;

use crate::support::{PAYMENTS, Sidecar, ask, connect, write};

async fn started() -> (Gateway, Sidecar, String) {
    let gateway = Gateway::start().await.unwrap();
    let sidecar = Sidecar::start(&gateway.url(), PAYMENTS).await;
    let name = gateway.url().replace(':', "%3A").replace('/', "%2F");
    (gateway, sidecar, format!("/upstreams/{name}"))
}

#[tokio::test]
async fn metrics_are_for_prometheus() {
    let (gateway, sidecar, _) = started().await;
    sidecar.post("/payments", "", "{}").await;
    let metrics = sidecar.operate("GET", "/metrics").await;
    assert_eq!(metrics.status, 200);
    assert_eq!(
        metrics.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let attempts = format!(
        r#"seawall_attempts{{seawall_upstream="{}",seawall_health="success"}} 1"#,
        gateway.url()
    );
    assert!(metrics.body.contains(&attempts), "{}", metrics.body);
    assert!(metrics.body.contains("http_client_request_duration_bucket"));
}

#[tokio::test]
async fn an_upstream_shows_once_it_was_called() {
    let (gateway, sidecar, path) = started().await;
    let all = sidecar.operate("GET", "/upstreams").await;
    assert_eq!((all.status, &*all.body), (200, "[]"));
    let early = sidecar.operate("GET", &path).await;
    assert_eq!(
        (early.status, &early.json()["code"]),
        (404, &"unknown_upstream".into())
    );

    sidecar.post("/payments", "", "{}").await;
    let all = sidecar.operate("GET", "/upstreams").await.json();
    assert_eq!(all[0]["upstream"], gateway.url());
    assert_eq!(all[0]["state"], "closed");
    let one = sidecar.operate("GET", &path).await;
    assert_eq!(
        (one.status, &one.json()["upstream"]),
        (200, &gateway.url().into())
    );
}

#[tokio::test]
async fn an_operator_opens_and_takes_it_back() {
    let (gateway, sidecar, path) = started().await;
    let opened = format!("{path}/open?for=20m&reason=their%20maintenance,+ticket+4711");
    let opened = sidecar.operate("POST", &opened).await;
    assert_eq!(opened.status, 200, "{opened:?}");
    assert_eq!(
        opened.json()["intervention"]["reason"],
        "their maintenance, ticket 4711"
    );
    let refused = sidecar.post("/payments", "", "{}").await;
    assert_eq!(
        (refused.status, refused.told()),
        (503, ["0", "not_sent", "maintenance"])
    );

    let cancelled = sidecar
        .operate("POST", &format!("{path}/cancel-maintenance"))
        .await;
    assert_eq!(cancelled.status, 200);
    assert_eq!(sidecar.post("/payments", "", "{}").await.status, 200);
    assert_eq!(gateway.charges().len(), 1);
}

#[tokio::test]
async fn each_act_ends_what_a_gate_began() {
    for (act, status, stop_reason) in [
        ("lift-gate", 200, "answered"),
        ("reset", 200, "answered"),
        // At a pace, which begins with an empty bucket.
        ("close?for=10m&reason=they+are+back", 503, "paced"),
    ] {
        let (gateway, sidecar, path) = started().await;
        gateway.maintenance(Duration::from_secs(60), Some(Duration::from_secs(60)));
        assert_eq!(sidecar.post("/payments", "", "{}").await.status, 503);
        gateway.calm();
        assert_eq!(
            sidecar.post("/payments", "", "{}").await.told()[2],
            "gate_closed"
        );
        let done = sidecar.operate("POST", &format!("{path}/{act}")).await;
        assert_eq!(done.status, 200, "{act}: {done:?}");
        let paid = sidecar.post("/payments", "", "{}").await;
        assert_eq!(
            (paid.status, paid.told()[2]),
            (status, stop_reason),
            "{act}"
        );
    }
}

#[tokio::test]
async fn an_act_that_makes_no_sense_changes_nothing_and_names_the_fix() {
    let (gateway, sidecar, path) = started().await;
    for (act, status, fix) in [
        ("open?for=20m", 400, "reason"),
        ("open?for=20m&reason=%20", 400, "reason"),
        ("open?reason=x", 400, "?for=20m"),
        ("open?for=&reason=x", 400, "for=20m"),
        ("open?for=soon&reason=x", 400, "for=20m"),
        ("open?for=0s&reason=x", 400, "zero"),
        ("open?for=31days&reason=x", 400, "30"),
        ("open?for=500000000years&reason=x", 400, "30"),
        ("open?for=20m&reason=x&until=never", 400, "?for=20m"),
        ("open", 400, "?for=20m"),
        ("close?reason=x", 400, "?for=20m"),
        ("close?for=0s", 400, "zero"),
        ("explode", 404, "/upstreams/{name}"),
    ] {
        let refused = sidecar.operate("POST", &format!("{path}/{act}")).await;
        assert_eq!(refused.status, status, "{act}: {refused:?}");
        assert_eq!(
            refused.header("content-type"),
            Some("application/problem+json")
        );
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(fix), "{act}: {detail}");
    }
    let unknown = "/upstreams/https%3A%2F%2Fother.example/open?for=20m&reason=x";
    let unknown = sidecar.operate("POST", unknown).await;
    assert_eq!(
        (unknown.status, &unknown.json()["code"]),
        (404, &"unknown_upstream".into())
    );
    let detail = unknown.json()["detail"].to_string();
    assert!(detail.contains(&gateway.url()), "{detail}");

    assert_eq!(sidecar.operate("GET", "/upstreams").await.body, "[]");
    assert_eq!(sidecar.post("/payments", "", "{}").await.status, 200);
}

#[tokio::test]
async fn a_name_that_cannot_be_read_is_a_problem_like_any_other() {
    let (_gateway, sidecar, _) = started().await;
    for (method, act) in [("GET", ""), ("POST", "/open?for=20m&reason=x")] {
        let refused = sidecar
            .operate(method, &format!("/upstreams/%ff{act}"))
            .await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (400, &"bad_name".into())
        );
    }
}

#[tokio::test]
async fn a_web_page_does_not_act() {
    let (_gateway, sidecar, path) = started().await;
    for (line, status) in [
        (format!("POST {path}/open?for=20m&reason=x"), 403),
        ("GET /upstreams".to_owned(), 200),
    ] {
        let head = format!("{line} HTTP/1.1\r\nhost: me\r\nconnection: close\r\n");
        let request = format!("{head}origin: https://evil.example\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(ask(sidecar.admin, &request).await.status, status, "{line}");
    }
    assert_eq!(sidecar.operate("GET", "/upstreams").await.body, "[]");
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_one() {
    let (_gateway, sidecar, path) = started().await;
    for (method, path, allow) in [
        ("POST", "/metrics".to_owned(), "get,head"),
        ("DELETE", "/upstreams".to_owned(), "get,head"),
        ("GET", format!("{path}/open?for=20m&reason=x"), "post"),
        ("GET", format!("{path}/reset"), "post"),
    ] {
        let refused = sidecar.operate(method, &path).await;
        assert_eq!(
            (refused.status, refused.header("allow")),
            (405, Some(allow))
        );
    }
    assert_eq!(sidecar.operate("GET", "/upstreams").await.body, "[]");
}

#[tokio::test]
async fn it_is_alive_and_ready_until_it_shuts_down() {
    let (gateway, mut sidecar, _) = started().await;
    gateway.latency(Duration::from_millis(500));
    assert_eq!(sidecar.operate("GET", "/healthz").await.status, 200);
    assert_eq!(sidecar.operate("GET", "/readyz").await.status, 200);

    let mut caller = connect(sidecar.address).await;
    write(&mut caller, "GET /payments/17 HTTP/1.1\r\nhost: me\r\n\r\n").await;
    crate::support::until(async || gateway.counts().requests == 1).await;
    sidecar.stop();
    crate::support::until(async || sidecar.operate("GET", "/readyz").await.status == 503).await;
    assert_eq!(sidecar.operate("GET", "/healthz").await.status, 200);
    let answer = crate::support::rest(&mut caller).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    sidecar.ended().await;
}

#[tokio::test]
async fn the_proxys_port_is_no_admin_port() {
    let (gateway, sidecar, _) = started().await;
    assert_eq!(sidecar.get("/metrics", "").await.status, 404);
    assert_eq!(gateway.counts().requests, 1);

    let hidden = Sidecar::with(&gateway.url(), PAYMENTS, |settings| settings.admin = None).await;
    assert!(TcpStream::connect(hidden.admin).await.is_err());
    assert_eq!(hidden.post("/payments", "", "{}").await.status, 200);
}

#[tokio::test]
async fn a_control_file_is_obeyed_from_the_first_call() {
    let gateway = Gateway::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("control.toml");
    let until = std::time::SystemTime::now() + Duration::from_secs(3_600);
    let until = humantime::format_rfc3339_seconds(until);
    let url = gateway.url();
    let wish = format!(
        "[upstreams.\"{url}\"]\nopen = {{ until = \"{until}\", reason = \"ticket 4711\" }}"
    );
    fs::write(&file, wish).unwrap();
    let sidecar = Sidecar::with(&url, PAYMENTS, |settings| settings.control = Some(file)).await;
    let refused = sidecar.post("/payments", "", "{}").await;
    assert_eq!((refused.status, refused.told()[2]), (503, "maintenance"));
    assert_eq!(gateway.counts().requests, 0);
}

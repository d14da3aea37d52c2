//! URL, DNS and TCP.

use super::*;
use crate::client::transport::tests::peer::Peer;
use crate::policy::Delivery;

#[tokio::test]
async fn what_needs_no_network_is_checked_without_one() {
    let client = client();
    let peer = Peer::new().await;
    let good = peer.url("http");
    for preflight in [
        full(&client, "gateway.example/payments?key=s3cret"),
        full(&client, "ftp://gateway.example/"),
        full(&client, "https://user:s3cret@gateway.example/"),
        full(&client, "https://gateway.example:port/"),
        full(&client, &good).health_path("health"),
        full(&client, &good).health_path("/a b?s3cret"),
        full(&client, &good).credentials_path(""),
    ] {
        let report = run(preflight).await;
        assert_eq!(failure(&report), (Step::Url, Problem::BadUrl), "{report}");
    }
    let accepted = tokio::time::timeout(std::time::Duration::from_millis(1), peer.accept()).await;
    assert!(accepted.is_err(), "nobody has connected");
}

#[tokio::test]
async fn plain_http_is_refused_where_calls_would_be() {
    let report = run(full(&client(), "http://gateway.invalid/")).await;
    assert_eq!(failure(&report), (Step::Url, Problem::PlainHttp));
    assert!(reason(&report).contains("`gateway.invalid`"), "{report}");

    let internal = Client::builder(Policy::internal()).build().unwrap();
    let report = run(full(&internal, "http://gateway.invalid/")).await;
    assert_eq!(failure(&report), (Step::Dns, Problem::UnknownHost));
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    // RFC 6761 section 6.4: it never will.
    let report = run(full(&client(), "https://gateway.invalid/")).await;

    assert_eq!(failure(&report), (Step::Dns, Problem::UnknownHost));
    assert!(report.step(Step::Url).unwrap().is_passed());
    assert_eq!(reason(&report), "`gateway.invalid` did not resolve");
}

#[tokio::test]
async fn nobody_listens() {
    let address = closed_port().await;
    let report = run(full(&client(), &format!("https://{address}/"))).await;

    assert_eq!(failure(&report), (Step::Tcp, Problem::Refused));
    assert_eq!(detail(&report, Step::Dns), "1 address");
    assert_eq!(reason(&report), format!("{address} refused the connection"));
    // A call says the same.
    let call = client().get(format!("https://{address}/")).send().await;
    assert_eq!(call.unwrap_err().delivery(), Delivery::NotSent);
}

#[tokio::test]
async fn a_connection_is_all_that_is_made_unless_more_is_asked_for() {
    let peer = Peer::new().await;
    let url = peer.url("http");
    let preflight = client().preflight(&url);
    let (report, mut tcp) = tokio::join!(run(preflight), peer.accept());

    assert!(report.is_ok(), "{report}");
    let address = url.split('/').nth(2).unwrap();
    assert_eq!(detail(&report, Step::Tcp), address);
    for (step, why) in [
        (Step::Tls, "the URL is plain http"),
        (Step::Credentials, "no credentials were given"),
        (Step::Health, "no health path was given"),
    ] {
        let why = why.to_owned();
        let outcome = report.step(step).unwrap().outcome();
        assert_eq!(outcome, &Outcome::Skipped { why });
    }
    let seen = crate::client::transport::tests::peer::read_to_end(&mut tcp).await;
    assert_eq!(seen, b"", "nothing is sent");
}

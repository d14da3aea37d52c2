use http::{HeaderName, Request};

use super::*;

fn head(method: &str, lines: &[(&'static str, &'static str)]) -> Parts {
    let mut request = Request::builder().method(method).header("host", "me");
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn prepared(method: &str, lines: &[(&'static str, &'static str)]) -> Vec<(HeaderName, String)> {
    let mut head = head(method, lines);
    prepare(&mut head, true);
    let line = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.clone(), value.to_str().unwrap().to_owned())
    };
    let mut lines: Vec<_> = head.headers.iter().map(line).collect();
    lines.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
    lines
}

fn refused(method: &str, lines: &[(&'static str, &'static str)]) -> Option<u16> {
    let checked = check(&head(method, lines), &Provider::stripe());
    checked.err().map(|problem| problem.status().as_u16())
}

#[test]
fn what_was_meant_for_this_side_stays_here() {
    let lines = prepared(
        "POST",
        &[
            ("expect", "100-continue"),
            ("seawall-deadline", "5s"),
            ("seawall-attempts", "9"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("x-end", "2"),
            ("via", "1.1 shop"),
        ],
    );
    let expected = [
        (VIA, "1.1 shop".to_owned()),
        (VIA, "1.1 seawall-egress".to_owned()),
        (HeaderName::from_static("x-end"), "2".to_owned()),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn trailers_are_asked_for_by_who_takes_them() {
    let asked = prepared("GET", &[("te", "trailers, gzip"), ("connection", "te")]);
    let te = (TE, "trailers".to_owned());
    let named = (CONNECTION, "te".to_owned());
    assert!(asked.contains(&te) && asked.contains(&named), "{asked:?}");

    let silent = prepared("GET", &[("te", "gzip")]);
    assert!(silent.iter().all(|(name, _)| *name == VIA), "{silent:?}");

    let mut over_tls = head("GET", &[("te", "trailers")]);
    prepare(&mut over_tls, false);
    assert!(over_tls.headers.contains_key(TE) && !over_tls.headers.contains_key(CONNECTION));
}

#[test]
fn an_old_client_is_named_as_one() {
    let mut head = head("GET", &[]);
    head.version = Version::HTTP_10;
    prepare(&mut head, true);
    assert_eq!(head.headers[VIA], "1.0 seawall-egress");
}

#[test]
fn a_request_that_may_go_no_further_ends_here() {
    for method in ["TRACE", "OPTIONS"] {
        assert_eq!(refused(method, &[("max-forwards", "0")]), Some(501));
        assert_eq!(refused(method, &[("max-forwards", "1")]), None);
        let sent = prepared(method, &[("max-forwards", "3")]);
        assert!(sent.contains(&(MAX_FORWARDS, "2".to_owned())), "{sent:?}");
    }
    assert_eq!(refused("GET", &[("max-forwards", "0")]), None);
    let sent = prepared("GET", &[("max-forwards", "3")]);
    assert!(sent.contains(&(MAX_FORWARDS, "3".to_owned())), "{sent:?}");
    assert_eq!(refused("TRACE", &[("max-forwards", "+0")]), None);
}

#[test]
fn what_is_not_http_is_not_done() {
    assert_eq!(refused("CONNECT", &[]), Some(501));
    assert_eq!(refused("GET", &[("upgrade", "websocket")]), Some(501));
    assert_eq!(refused("GET", &[("upgrade", "h2c")]), None);
    let coded = [("transfer-encoding", "gzip, chunked")];
    assert_eq!(refused("POST", &coded), Some(501));
    assert_eq!(refused("POST", &[("transfer-encoding", "chunked")]), None);
    assert_eq!(refused("GET", &[]), None);
}

#[test]
fn a_request_does_not_go_round_in_circles() {
    let ours = [("via", "1.1 shop, 1.1 seawall-egress (second)")];
    assert_eq!(refused("GET", &ours), Some(508));
    assert_eq!(refused("GET", &[("via", "1.1 seawall-egresses")]), None);
}

#[test]
fn a_request_has_one_host() {
    assert_eq!(refused("GET", &[("host", "other")]), Some(400));
    let mut nowhere = head("GET", &[]);
    nowhere.headers.remove(HOST);
    let status = |head: &Parts| {
        check(head, &Provider::none())
            .err()
            .map(|problem| problem.status())
    };
    assert_eq!(status(&nowhere), Some(StatusCode::BAD_REQUEST));
    nowhere.version = Version::HTTP_10;
    assert_eq!(status(&nowhere), None);
}

#[test]
fn nobody_has_the_key_or_the_account_of_a_payment_taken_away() {
    for field in ["Idempotency-Key", "authorization", "close, stripe-account"] {
        let refused = check(&head("POST", &[("connection", field)]), &Provider::stripe());
        let problem = refused.unwrap_err();
        assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
        assert!(problem.detail().contains("take it out"), "{problem:?}");
    }
    assert_eq!(refused("POST", &[("connection", "close, x-mine")]), None);
}

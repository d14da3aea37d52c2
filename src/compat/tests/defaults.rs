//! What every request is given.

use http::header::{AUTHORIZATION, HeaderName, HeaderValue, USER_AGENT};

use super::*;
use crate::compat::mapping;

fn based(base_url: &str) -> Config {
    Config {
        base_url: Some(base_url.to_owned()),
        ..Config::default()
    }
}

fn with_header(config: Config, name: &'static str) -> Config {
    let mut headers = config.headers;
    let value = HeaderValue::from_static("s3cret");
    headers.insert(HeaderName::from_static(name), value);
    Config { headers, ..config }
}

fn defaults(config: &Config) -> mapping::Defaults {
    mapping::map(config, &Target::External).unwrap().1
}

#[test]
fn a_relative_url_is_appended_and_never_leaves_the_origin() {
    let defaults = defaults(&based("https://gateway.example/v1/"));
    for (relative, absolute) in [
        ("payments", "https://gateway.example/v1/payments"),
        ("/payments/17", "https://gateway.example/v1/payments/17"),
        (
            "//evil.example/",
            "https://gateway.example/v1/evil.example/",
        ),
        ("@evil.example", "https://gateway.example/v1/@evil.example"),
        (".evil.example", "https://gateway.example/v1/.evil.example"),
        ("?page=2", "https://gateway.example/v1?page=2"),
        ("", "https://gateway.example/v1"),
        ("/", "https://gateway.example/v1/"),
        ("https://other.example/a", "https://other.example/a"),
        ("HTTPS://other.example/a", "HTTPS://other.example/a"),
        (
            "go?to=https://other.example",
            "https://gateway.example/v1/go?to=https://other.example",
        ),
    ] {
        assert_eq!(defaults.url(relative), absolute);
    }
}

#[test]
fn without_a_base_url_a_url_stays_as_it_is() {
    assert_eq!(defaults(&Config::default()).url("/payments"), "/payments");
}

#[test]
fn default_headers_go_to_the_origin_of_the_base_url_only() {
    let config = Config {
        user_agent: Some("shop/1.0".to_owned()),
        ..with_header(based("https://gateway.example/v1"), "authorization")
    };
    let defaults = defaults(&config);
    let ours = defaults.headers("https://GATEWAY.example:443/v2");
    assert_eq!(ours[AUTHORIZATION], "s3cret");
    assert!(ours[AUTHORIZATION].is_sensitive());
    for elsewhere in [
        "https://gateway.example:8443/v1",
        "http://gateway.example/v1",
        "https://gateway.example.evil.example/v1",
        "not a url",
    ] {
        let headers = defaults.headers(elsewhere);
        assert!(!headers.contains_key(AUTHORIZATION), "{elsewhere}");
        assert_eq!(headers[USER_AGENT], "shop/1.0");
    }
}

#[test]
fn without_a_base_url_plain_headers_go_everywhere_and_credentials_are_refused() {
    let plain = with_header(Config::default(), "x-trace");
    assert!(
        defaults(&plain)
            .headers("https://any.example/")
            .contains_key("x-trace")
    );
    for credential in [
        "authorization",
        "proxy-authorization",
        "cookie",
        "x-api-key",
        "apikey",
        "x-auth-token",
        "x-vault-secret",
    ] {
        let config = with_header(Config::default(), credential);
        assert_eq!(refused(&Target::External, &config), [("headers", None)]);
        let config = with_header(based("https://gateway.example"), credential);
        assert_eq!(refused(&Target::External, &config), []);
    }
}

#[test]
fn a_value_that_somebody_has_marked_as_sensitive_is_a_credential() {
    let mut config = with_header(Config::default(), "x-shop-id");
    assert_eq!(refused(&Target::External, &config), []);
    let mut marked = HeaderValue::from_static("s3cret");
    marked.set_sensitive(true);
    let name = HeaderName::from_static("x-shop-id");
    config.headers.append(name, marked);
    assert_eq!(refused(&Target::External, &config), [("headers", None)]);
}

#[test]
fn the_providers_own_credential_header_counts() {
    let provider = Provider {
        credential_header: HeaderName::from_static("x-shop-pass"),
        ..Provider::generic()
    };
    let config = with_header(Config::default(), "x-shop-pass");
    let target = Target::Payments(provider);
    assert_eq!(refused(&target, &config), [("headers", None)]);
    assert_eq!(refused(&payments(), &config), []);
}

#[test]
fn one_idempotency_key_for_all_requests_is_refused() {
    let config = with_header(based("https://gateway.example"), "idempotency-key");
    assert_eq!(refused(&payments(), &config), [("headers", None)]);
}

#[test]
fn what_the_client_writes_itself_is_refused() {
    for name in ["host", "content-length", "transfer-encoding", "connection"] {
        let config = with_header(based("https://gateway.example"), name);
        assert_eq!(refused(&Target::Internal, &config), [("headers", None)]);
    }
}

#[test]
fn a_base_url_that_is_none_is_refused_unseen() {
    for url in [
        "gateway.example",
        "ftp://gateway.example",
        "https://user:s3cret@gateway.example",
        "https://gateway.example/?key=s3cret",
    ] {
        let config = based(url);
        assert_eq!(refused(&Target::External, &config), [("base_url", None)]);
        let text = config.map(&Target::External).unwrap_err().to_string();
        assert!(!text.contains("s3cret"), "{text}");
        assert!(!format!("{config:?}").contains("s3cret"));
    }
}

#[test]
fn a_base_url_in_the_clear_is_for_internal_targets_and_loopback() {
    let plain = based("http://gateway.example");
    let rule = [("base_url", Some(Rule::PlainHttp))];
    assert_eq!(refused(&Target::External, &plain), rule);
    assert_eq!(refused(&payments(), &plain), rule);
    assert_eq!(refused(&Target::Internal, &plain), []);
    assert_eq!(refused(&payments(), &based("http://127.0.0.1:8080")), []);
    let allowed = plain.allow(Rule::PlainHttp, "a sidecar does TLS");
    assert!(!policy(&payments(), &allowed).requires_https());
}

#[test]
fn a_user_agent_that_is_no_header_is_refused() {
    let config = Config {
        user_agent: Some("shop\r\nx: y".to_owned()),
        ..Config::default()
    };
    assert_eq!(refused(&Target::External, &config), [("user_agent", None)]);
}

#[test]
fn no_header_value_is_in_the_debug_output() {
    let config = with_header(Config::default(), "x-token");
    let text = format!("{config:?}");
    assert!(
        text.contains("x-token") && !text.contains("s3cret"),
        "{text}"
    );
}

//! Requests that are refused here, before anything is sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Method, Request, Uri, Version};

use super::*;
use crate::on_hyper::check::check;
use crate::policy::{Delivery, Failure};

async fn refusal(url: &str) -> (Failure, String) {
    let error = post(&transport(), url)
        .await
        .expect_err("not a URL to send to");
    let source = std::error::Error::source(&error)
        .expect("a reason")
        .to_string();
    (error.failure(), source)
}

#[tokio::test]
async fn a_url_that_leads_nowhere_is_refused_with_the_fix() {
    for (url, fix) in [
        ("/v1/payments", "use http or https"),
        ("ftp://gateway.test/", "use http or https"),
        ("http://:80/", "absolute URL"),
        ("http://gateway.test:99999/", "1 to 65535"),
        ("http://[::1]:99999/", "1 to 65535"),
        ("http://[::1]80/", "1 to 65535"),
        ("http://[::1]gateway.test/", "1 to 65535"),
        ("http://[::1]gateway.test:80/", "1 to 65535"),
    ] {
        let (failure, source) = refusal(url).await;
        assert_eq!(failure, Failure::InvalidRequest, "{url}");
        assert_eq!(failure.delivery(), Delivery::NotSent, "{url}");
        assert!(source.contains(fix), "{url}: {source}");
    }
}

#[tokio::test]
async fn a_password_in_the_url_is_neither_sent_nor_repeated() {
    let (failure, source) = refusal("http://user:hunter2@gateway.test/").await;

    assert_eq!(failure, Failure::InvalidRequest);
    assert!(source.contains("Authorization header"), "{source}");
    assert!(!source.contains("hunter2"), "{source}");
}

#[tokio::test]
async fn a_version_that_cannot_be_spoken_is_refused() {
    for version in [Version::HTTP_09, Version::HTTP_10, Version::HTTP_3] {
        let mut request = request(Method::GET, "http://gateway.test/", ());
        *request.version_mut() = version;
        let error = send(&transport(), request)
            .await
            .expect_err("not HTTP/1.1 or HTTP/2");
        assert_eq!(error.failure(), Failure::InvalidRequest, "{version:?}");
    }
}

#[test]
fn a_url_with_or_without_a_port_passes() {
    for url in [
        "http://gateway.test",
        "https://gateway.test:8443/v1",
        "http://gateway.test:/",
        "http://127.0.0.1:80",
        "https://[::1]:443/",
        "https://[::1]/",
    ] {
        let request = Request::get(url.parse::<Uri>().expect("a URL"))
            .body(Body::empty())
            .expect("valid");
        assert_eq!(check(&request), Ok(()), "{url}");
    }
}

/// A POST of five bytes with these headers.
fn framed(lines: &[(&'static str, &'static str)]) -> Result<(), String> {
    let mut request = request(Method::POST, "http://gateway.test/", "12345");
    for (name, value) in lines {
        request
            .headers_mut()
            .append(*name, value.parse().expect("a header value"));
    }
    check(&request).map_err(|invalid| invalid.to_string())
}

#[test]
fn a_header_that_says_where_the_body_ends_must_be_right() {
    assert_eq!(framed(&[]), Ok(()));
    assert_eq!(framed(&[("content-length", "5")]), Ok(()));
    for wrong in ["4", "6", "", "-5", "+5", "five", "99999999999999999999"] {
        let refused = framed(&[("content-length", wrong)]).expect_err(wrong);
        assert!(refused.contains("Content-Length"), "{wrong}: {refused}");
    }
    let twice = framed(&[("content-length", "5"), ("content-length", "5")]);
    assert!(twice.is_err());
    let chunked = framed(&[("transfer-encoding", "chunked")]).expect_err("not the caller's");
    assert!(chunked.contains("leave it out"), "{chunked}");
}

/// A body of which nobody knows the size.
struct Measureless;

impl http_body::Body for Measureless {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        Poll::Ready(None)
    }
}

#[test]
fn a_stream_may_state_its_length() {
    let mut request = request(Method::POST, "http://gateway.test/", ());
    *request.body_mut() = Body::stream(Measureless);
    request
        .headers_mut()
        .insert("content-length", "5".parse().expect("a header value"));
    assert_eq!(check(&request), Ok(()));
}

#[test]
fn a_method_without_content_is_refused_with_some() {
    for method in [Method::TRACE, Method::CONNECT] {
        let empty = request(method.clone(), "http://gateway.test/", ());
        assert_eq!(check(&empty), Ok(()), "{method}");
        let full = request(method.clone(), "http://gateway.test/", "12345");
        assert!(check(&full).is_err(), "{method}");
    }
    let get = request(Method::GET, "http://gateway.test/", "12345");
    assert_eq!(check(&get), Ok(()), "unusual, and legal");
}

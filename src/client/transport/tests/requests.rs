//! Requests that are refused here, before anything is sent.

use http::{Method, Request, Uri, Version};

use super::*;
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
            .body(())
            .expect("valid");
        assert_eq!(
            crate::client::transport::check::check(&request),
            Ok(()),
            "{url}"
        );
    }
}

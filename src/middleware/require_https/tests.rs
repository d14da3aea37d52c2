//! What is refused in the clear, and what is not.

use http::Method;
use tower::ServiceExt;
use tower_layer::Layer;

use super::RequireHttpsLayer;
use crate::middleware::testing::*;
use crate::policy::{Delivery, Failure};
use crate::{Policy, Rule, Upstreams};

async fn send(policy: Policy, upstream: &Script, url: &str) -> Outcome {
    let layer = RequireHttpsLayer::new(Upstreams::new(policy));
    let service = layer.layer(upstream.clone());
    service.oneshot(call(Method::GET, url, "")).await
}

async fn is_sent(policy: Policy, url: &str) -> bool {
    let upstream = Script::new([]);
    let passed = send(policy, &upstream, url).await.is_ok();
    assert_eq!(passed, upstream.count() == 1, "{url}");
    passed
}

#[tokio::test]
async fn https_passes_and_plain_http_does_not() {
    assert!(is_sent(Policy::external(), "https://gateway.test/").await);
    for url in [
        "http://gateway.test/",
        "HTTP://gateway.test/",
        "http://gateway.test:443/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://[::2]/",
        "http://localhost.evil.test/",
        "http://127.0.0.1.evil.test/",
        "http://notlocalhost/",
    ] {
        assert!(!is_sent(Policy::external(), url).await, "{url}");
    }
}

#[tokio::test]
async fn loopback_may_be_spoken_to_plainly() {
    for url in [
        "http://localhost/",
        "http://LOCALHOST:8080/",
        "http://127.0.0.1:8080/",
        "http://127.3.2.1/",
        "http://[::1]:8080/",
    ] {
        assert!(is_sent(Policy::external(), url).await, "{url}");
    }
}

#[tokio::test]
async fn the_policy_says_whether_https_is_required() {
    let url = "http://gateway.test/";
    assert!(is_sent(Policy::internal(), url).await);
    let allowed = Policy::external()
        .to_builder()
        .require_https(false)
        .allow(Rule::PlainHttp, "a private link with TLS below it")
        .build();
    assert!(is_sent(allowed.unwrap(), url).await);
}

#[tokio::test]
async fn the_refusal_names_the_host_and_the_fix_and_no_secret() {
    let upstream = Script::new([]);
    let url = "http://user:s3cret@gateway.test/pay?card=s3cret";
    let error = send(Policy::external(), &upstream, url).await.unwrap_err();
    assert!(error.is_config());
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!((error.report().attempts(), error.retry_at()), (0, None));
    let text = format!("{error} {error:?}");
    assert!(text.contains("`gateway.test`") && text.contains("use https"));
    assert!(!text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn a_foreign_error_is_read_by_its_type() {
    let upstream = Script::new([failure(Failure::Refused)]);
    let error = send(Policy::external(), &upstream, URL).await.unwrap_err();
    assert_eq!(error.failure(), Some(Failure::Refused));
}

#[tokio::test]
async fn it_is_ready_when_the_inner_service_is() {
    let layer = RequireHttpsLayer::new(Upstreams::new(Policy::external()));
    let (mut service, mut inner) = tower_test::mock::spawn_layer::<Call, Answer, _>(layer);
    inner.allow(0);
    assert!(service.poll_ready().is_pending());
    inner.allow(1);
    assert!(service.poll_ready().is_ready());
}

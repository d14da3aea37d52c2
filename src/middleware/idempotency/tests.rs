//! Which requests get a key, which keys are refused, and what is remembered of them.

mod memory;
mod refusals;

use std::collections::HashSet;

use http::Method;
use tower::ServiceExt;
use tower_layer::Layer;

use super::IdempotencyLayer;
use crate::middleware::testing::*;
use crate::{IdempotencyKey, Policy, Provider, Upstreams};

async fn send(policy: Policy, request: Call) -> Seen {
    let upstream = Script::new([]);
    let layer = IdempotencyLayer::new(Upstreams::new(policy));
    let sent = layer.layer(upstream.clone()).oneshot(request).await;
    sent.unwrap();
    upstream.seen().remove(0)
}

fn payments() -> Policy {
    Policy::external_payments(Provider::generic())
}

fn of(method: &[u8]) -> Call {
    call(Method::from_bytes(method).unwrap(), URL, "{}")
}

#[tokio::test]
async fn post_and_patch_get_a_uuid_v4() {
    for method in [b"POST".as_slice(), b"PATCH"] {
        let key = send(payments(), of(method)).await.key.unwrap();
        let key = uuid::Uuid::parse_str(&key).unwrap();
        assert_eq!(key.get_version_num(), 4);
    }
}

#[tokio::test]
async fn no_other_method_gets_one_and_methods_are_case_sensitive() {
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PURGE", "post"] {
        let seen = send(payments(), of(method.as_bytes())).await;
        assert_eq!(seen.key, None, "{method}");
    }
}

#[tokio::test]
async fn a_callers_own_header_is_never_replaced() {
    for own in ["order-1042", "\"quoted\""] {
        let request = with_header(post(), "idempotency-key", own);
        assert_eq!(send(payments(), request).await.key.as_deref(), Some(own));
    }
}

#[tokio::test]
async fn a_key_given_as_an_extension_is_written_as_the_provider_wants_it() {
    let key = IdempotencyKey::parse("order-1042").unwrap();
    let given = || with_extension(post(), key.clone());
    let raw = send(payments(), given()).await.key;
    assert_eq!(raw.as_deref(), Some("order-1042"));

    let ietf = Policy::external_payments(Provider::ietf());
    let quoted = send(ietf.clone(), given()).await.key;
    assert_eq!(quoted.as_deref(), Some("\"order-1042\""));
    let generated = send(ietf, post()).await.key.unwrap();
    assert!(
        generated.starts_with('"') && generated.len() == 38,
        "{generated}"
    );

    // It is the caller's word, also where the policy makes no keys.
    let unasked = send(Policy::external(), given()).await.key;
    assert_eq!(unasked.as_deref(), Some("order-1042"));
}

#[tokio::test]
async fn where_nothing_is_made_of_keys_their_header_is_one_like_any_other() {
    let header = || with_header(get(), "idempotency-key", "");
    assert_eq!(
        send(Policy::internal(), header()).await.key.as_deref(),
        Some("")
    );
}

#[tokio::test]
async fn each_call_gets_a_key_of_its_own() {
    let upstream = Script::new([]);
    let layer = IdempotencyLayer::new(Upstreams::new(payments()));
    let service = layer.layer(upstream.clone());
    for _ in 0..100 {
        service.clone().oneshot(post()).await.unwrap();
    }
    let keys: HashSet<_> = upstream.seen().into_iter().map(|seen| seen.key).collect();
    assert_eq!(keys.len(), 100);
}

#[tokio::test]
async fn a_seed_repeats_its_keys_and_another_does_not() {
    let keys = async |seed| {
        let upstream = Script::new([]);
        let layer = IdempotencyLayer::new(Upstreams::with_seed(payments(), seed));
        let service = layer.layer(upstream.clone());
        for _ in 0..3 {
            service.clone().oneshot(post()).await.unwrap();
        }
        upstream.seen().into_iter().map(|seen| seen.key).collect()
    };
    let first: Vec<_> = keys(1).await;
    assert_eq!(first, keys(1).await);
    assert_ne!(first, keys(2).await);
}

#[tokio::test]
async fn the_policy_says_whether_keys_are_injected() {
    assert_eq!(send(Policy::external(), post()).await.key, None);
    assert_eq!(send(Policy::internal(), post()).await.key, None);
    let asked = Policy::external().to_builder().inject_keys(true).build();
    assert!(send(asked.unwrap(), post()).await.key.is_some());
    // A provider that promises nothing still gets them: they help whoever reads the logs.
    let unpromised = Policy::external_payments(Provider::none());
    assert!(send(unpromised, post()).await.key.is_some());
}

#[tokio::test]
async fn it_is_ready_when_the_inner_service_is() {
    let layer = IdempotencyLayer::new(Upstreams::new(payments()));
    let (mut service, mut inner) = tower_test::mock::spawn_layer::<Call, Answer, _>(layer);
    inner.allow(0);
    assert!(service.poll_ready().is_pending());
    inner.allow(1);
    assert!(service.poll_ready().is_ready());
}

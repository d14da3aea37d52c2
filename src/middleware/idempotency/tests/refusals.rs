//! Keys that are refused before anything is sent.

use http::HeaderValue;

use super::*;
use crate::policy::idempotency::{InvalidKey, KeyRefusal};
use crate::policy::{Delivery, StopReason};
use crate::{Error, ErrorKind};

/// The error of a call that was not sent.
async fn refused(policy: Policy, request: Call) -> Error {
    let upstream = Script::new([]);
    let layer = IdempotencyLayer::new(Upstreams::new(policy));
    let outcome = layer.layer(upstream.clone()).oneshot(request).await;
    assert_eq!(upstream.count(), 0, "nothing is sent");
    outcome.unwrap_err()
}

async fn why(policy: Policy, request: Call) -> KeyRefusal {
    let error = refused(policy, request).await;
    error.key_refusal().expect("it is the key").clone()
}

fn headed(value: &str) -> Call {
    with_header(post(), "idempotency-key", value)
}

#[tokio::test]
async fn a_header_that_is_no_key_is_refused_by_its_rule() {
    let long = "x".repeat(256);
    for (value, rule) in [
        ("", InvalidKey::Empty),
        (
            long.as_str(),
            InvalidKey::TooLong {
                length: 256,
                most: 255,
            },
        ),
        ("order\t17", InvalidKey::Character { position: 5 }),
    ] {
        assert_eq!(
            why(payments(), headed(value)).await,
            KeyRefusal::Invalid(rule)
        );
    }
    let mut strange = post();
    let bytes = HeaderValue::from_bytes(b"order-\xe9").unwrap();
    strange.headers_mut().insert("idempotency-key", bytes);
    assert_eq!(
        why(payments(), strange).await,
        KeyRefusal::Invalid(InvalidKey::Character { position: 6 })
    );
}

#[tokio::test]
async fn a_key_too_long_for_the_provider_is_refused_one_that_fits_is_sent() {
    let adyen = || Policy::external_payments(Provider::adyen());
    let given = |length: usize| {
        let key = IdempotencyKey::parse(&"x".repeat(length)).unwrap();
        with_extension(post(), key)
    };
    let too_long = InvalidKey::TooLong {
        length: 65,
        most: 64,
    };
    assert_eq!(why(adyen(), given(65)).await, KeyRefusal::Invalid(too_long));
    assert!(send(adyen(), given(64)).await.key.is_some());
    assert!(send(payments(), given(65)).await.key.is_some());
}

#[tokio::test]
async fn two_keys_are_refused_the_same_one_twice_is_sent() {
    let own = |key: &str| with_extension(headed("order-17"), IdempotencyKey::parse(key).unwrap());
    assert_eq!(why(payments(), own("order-18")).await, KeyRefusal::TwoKeys);
    let sent = send(payments(), own("order-17")).await;
    assert_eq!(sent.key.as_deref(), Some("order-17"));

    let mut twice = headed("order-17");
    let again = HeaderValue::from_static("order-17");
    twice.headers_mut().append("idempotency-key", again);
    assert_eq!(
        why(payments(), twice).await,
        KeyRefusal::Invalid(InvalidKey::Several)
    );
}

#[tokio::test]
async fn a_key_on_a_method_that_only_reads_is_refused_on_a_put_it_is_sent() {
    for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE] {
        let request = with_header(call(method.clone(), URL, ""), "idempotency-key", "order-17");
        assert_eq!(
            why(payments(), request).await,
            KeyRefusal::NothingToGuard(method)
        );
    }
    let request = with_header(put(), "idempotency-key", "order-17");
    assert_eq!(
        send(payments(), request).await.key.as_deref(),
        Some("order-17")
    );
}

#[tokio::test]
async fn the_error_says_what_is_wrong_and_what_to_do_and_that_nothing_was_sent() {
    let error = refused(payments(), headed("")).await;
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.code(), "payment_request_invalid");
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.report().stop_reason(), StopReason::Permanent);
    assert_eq!(error.report().attempts(), 0);
    assert_eq!(error.retry_at(), None);
    assert!(error.to_string().contains("is the id it is made from set?"));

    let long = refused(payments(), headed(&"s3cret".repeat(50))).await;
    let shown = format!("{long} {long:?}");
    assert!(
        shown.contains("300 characters") && !shown.contains("s3cret"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_profile_that_makes_no_sense_promises_nothing_and_shows_no_secret() {
    let mistaken = Provider {
        key_header: http::header::AUTHORIZATION,
        ..Provider::generic()
    };
    let upstreams = Upstreams::new(Policy::external_payments(mistaken));
    assert!(!upstreams.policy().provider().honours_keys);
    let upstream = Script::new([failure(crate::policy::Failure::Reset)]);
    let service = crate::ResilienceLayer::over(upstreams).layer(upstream.clone());
    let request = with_header(post(), "authorization", "Bearer s3cret");
    let error = service.oneshot(request).await.unwrap_err();
    assert_eq!(error.report().stop_reason(), StopReason::NotIdempotent);
    assert!(!format!("{error} {error:?}").contains("s3cret"));
    assert_eq!(upstream.count(), 1);
}

#[tokio::test]
async fn an_error_names_the_key_of_its_call_also_without_a_retry_layer() {
    let upstream = Script::new([failure(crate::policy::Failure::Reset)]);
    let layer = IdempotencyLayer::new(Upstreams::new(payments()));
    let outcome = layer.layer(upstream.clone()).oneshot(post()).await;
    let error = outcome.unwrap_err();
    assert_eq!(key_in(error.report()), upstream.seen()[0].key.as_deref());
}

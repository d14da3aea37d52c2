//! What makes a repeat harmless, and what does not.

use http::Method;
use tower::ServiceExt;
use tower_layer::Layer;

use super::*;
use crate::{RetryLayer, Rule, Upstreams};

const FAILURES: [Failure; 4] = [
    Failure::Reset,
    Failure::Incomplete,
    Failure::Malformed,
    Failure::Other,
];

#[tokio::test(start_paused = true)]
async fn every_attempt_carries_the_same_key_and_the_same_bytes() {
    for request in [post(), call(Method::PATCH, URL, "s3cret-body"), keyed()] {
        let upstream = Script::new([status(500), Step::Hang, failure(Failure::Refused)]);
        let answer = pay(&upstream, request).await;
        let seen = upstream.seen();
        assert_eq!(seen.len(), 4);
        assert!(seen[0].key.is_some() && seen.iter().all(|one| one.key == seen[0].key));
        assert!(seen.iter().all(|one| one.body == "s3cret-body"));
        let report = answer.report();
        assert_eq!(key_in(&report), seen[0].key.as_deref());
    }
}

#[tokio::test(start_paused = true)]
async fn the_callers_own_key_is_never_replaced() {
    let upstream = Script::new([status(500)]);
    let _ = pay(&upstream, keyed()).await;
    let keys: Vec<_> = upstream
        .seen()
        .into_iter()
        .map(|seen| seen.key.unwrap())
        .collect();
    assert_eq!(keys, ["order-1042", "order-1042"]);
}

#[tokio::test(start_paused = true)]
async fn an_un_keyed_post_is_sent_again_only_when_it_was_not_sent() {
    let sent = async |step: Step| {
        let upstream = Script::new([step]);
        let stack = Stack::new(external(), &upstream);
        let outcome = stack.send(post()).await;
        (upstream.count(), outcome)
    };
    for unsent in [
        Failure::Refused,
        Failure::Dns,
        Failure::Tls,
        Failure::Unsent,
    ] {
        assert_eq!(sent(failure(unsent)).await.0, 2, "{unsent:?}");
    }
    for maybe in FAILURES {
        let (count, outcome) = sent(failure(maybe)).await;
        assert_eq!((count, outcome.delivery()), (1, Delivery::Unknown));
        assert_eq!(outcome.stop(), StopReason::NotIdempotent);
        assert_eq!(outcome.comes_again(), None, "nobody may send that again");
        assert_eq!(outcome.unwrap_err().code(), "upstream_outcome_unknown");
    }
    for code in [408, 425, 429, 500, 502, 503, 504] {
        let (count, outcome) = sent(status(code)).await;
        assert_eq!(count, 1, "{code}");
        assert_eq!(outcome.stop(), StopReason::NotIdempotent);
    }
    let (count, outcome) = sent(Step::Hang).await;
    assert_eq!((count, outcome.delivery()), (1, Delivery::Unknown));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_promises_nothing_unlocks_nothing() {
    let policy = Policy::external_payments(Provider::none()).to_builder();
    let upstream = Script::new([failure(Failure::Reset)]);
    let outcome = Stack::new(policy.clone(), &upstream).send(keyed()).await;
    assert_eq!(
        (upstream.count(), outcome.delivery()),
        (1, Delivery::Unknown)
    );
    assert_eq!(outcome.stop(), StopReason::NotIdempotent);
    assert_eq!(outcome.comes_again(), None);

    let upstream = Script::new([failure(Failure::Refused)]);
    assert!(Stack::new(policy, &upstream).send(keyed()).await.is_ok());
    assert_eq!(upstream.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_makes_post_and_patch_repeatable_and_nothing_else() {
    for (method, attempts) in [("POST", 2), ("PATCH", 2), ("PURGE", 1), ("post", 1)] {
        let upstream = Script::new([failure(Failure::Reset)]);
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = with_header(call(method, URL, ""), "idempotency-key", "order-1042");
        let _ = pay(&upstream, request).await;
        assert_eq!(upstream.count(), attempts, "{:?}", upstream.seen());
    }
}

#[tokio::test(start_paused = true)]
async fn idempotent_methods_need_no_key_and_are_told_by_their_exact_name() {
    for (method, attempts) in [
        ("GET", 2),
        ("HEAD", 2),
        ("OPTIONS", 2),
        ("TRACE", 2),
        ("PUT", 2),
        ("DELETE", 2),
        ("get", 1),
        ("PURGE", 1),
    ] {
        let upstream = Script::new([status(503)]);
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let _ = Stack::new(external(), &upstream)
            .send(call(method, URL, ""))
            .await;
        assert_eq!(
            upstream.count(),
            attempts,
            "{:?}",
            upstream.seen()[0].method
        );
    }
}

#[tokio::test(start_paused = true)]
async fn connect_is_never_repeated() {
    let upstream = Script::new([failure(Failure::Refused)]);
    let stack = Stack::new(external(), &upstream);
    let outcome = stack.send(call(Method::CONNECT, URL, "")).await;
    assert_eq!((upstream.count(), outcome.stop()), (1, StopReason::Tunnel));
}

#[tokio::test(start_paused = true)]
async fn whoever_repeats_unkeyed_has_said_why() {
    let bold = external()
        .repeat_unkeyed(true)
        .allow(Rule::UnkeyedRepeat, "the upstream drops what it knows");
    let upstream = Script::new([failure(Failure::Reset)]);
    assert!(Stack::new(bold, &upstream).send(post()).await.is_ok());
    assert_eq!(upstream.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_keyed_409_means_the_first_is_still_running_and_any_other_does_not() {
    let upstream = Script::new([status(409), status(201)]);
    assert_eq!(pay(&upstream, keyed()).await.unwrap().status(), 201);
    let upstream = Script::new([status(409)]);
    let outcome = pay(&upstream, put()).await;
    assert_eq!(
        (upstream.count(), outcome.stop()),
        (1, StopReason::Permanent)
    );
}

/// The retry layer takes headers as it finds them; the idempotency layer above it would refuse these.
#[tokio::test(start_paused = true)]
async fn what_no_provider_would_know_again_is_no_key() {
    let long = "k".repeat(256);
    let mut two = keyed();
    let other = http::HeaderValue::from_static("other");
    two.headers_mut().append("idempotency-key", other);
    let headed = |key: &str| with_header(post(), "idempotency-key", key);
    for request in [
        headed(""),
        headed(" "),
        headed("order 17 "),
        headed(&long),
        two,
    ] {
        let upstream = Script::new([status(500)]);
        let layer = RetryLayer::new(Upstreams::new(payments().build().unwrap()));
        let outcome = layer.layer(upstream.clone()).oneshot(request).await;
        assert_eq!(
            (upstream.count(), outcome.stop()),
            (1, StopReason::NotIdempotent)
        );
        assert_eq!(outcome.delivery(), Delivery::Unknown);
    }
}

#[tokio::test(start_paused = true)]
async fn a_waived_rule_repeats_a_doubt_but_makes_no_key_of_none() {
    let waived = || {
        external()
            .repeat_unkeyed(true)
            .allow(Rule::UnkeyedRepeat, "the upstream removes duplicates")
    };
    let doubt = Script::new([status(500)]);
    let outcome = Stack::new(waived(), &doubt).send(post()).await;
    assert_eq!((doubt.count(), outcome.delivery()), (2, Delivery::Done));
    let conflict = Script::new([status(409)]);
    let outcome = Stack::new(waived(), &conflict).send(post()).await;
    assert_eq!(
        (conflict.count(), outcome.delivery()),
        (1, Delivery::Rejected)
    );
    let unknown = Script::new([status(500)]);
    let purge = call(Method::from_bytes(b"PURGE").unwrap(), URL, "");
    let outcome = Stack::new(waived(), &unknown).send(purge).await;
    assert_eq!(
        (unknown.count(), outcome.stop()),
        (1, StopReason::NotIdempotent)
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_to_resend_a_key_that_is_not_honoured() {
    let none = || payments().provider(Provider::none());
    let unhonoured = Script::new([failure(Failure::Reset)]);
    let error = Stack::new(none(), &unhonoured)
        .send(keyed())
        .await
        .unwrap_err();
    assert!(error.is_unknown() && error.retry_at().is_none());
    assert!(
        error
            .to_string()
            .contains("ask the upstream before anything is sent again")
    );
    let honoured = Script::new((0..4).map(|_| failure(Failure::Reset)));
    let error = pay(&honoured, keyed()).await.unwrap_err();
    assert!(error.is_unknown() && error.retry_at().is_some());
    assert!(
        error
            .to_string()
            .contains("send the same idempotency key again")
    );
}

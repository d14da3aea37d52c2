//! Retry-After on 429 closes the gate of one credential.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::*;
use crate::middleware::RateLimitKey;
use crate::middleware::credentials::Sources;
use crate::middleware::extensions::Identity;
use crate::{ErrorKind, Provider};

fn of(credential: &str) -> Call {
    with_header(put(), "authorization", credential)
}

async fn limited(request: Call) -> (Guarded, Script) {
    let upstream = Script::new([retry_after(429, 60)]);
    let circuit = Guarded::new(external(), &upstream);
    assert_eq!(circuit.send(request).await.unwrap().status(), 429);
    (circuit, upstream)
}

#[tokio::test(start_paused = true)]
async fn the_same_credential_is_refused_and_another_is_not() {
    let (circuit, upstream) = limited(of("Bearer s3cret-a")).await;
    let error = circuit.send(of("Bearer s3cret-a")).await.unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::RateLimit));
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert!(error.report().retry_after().unwrap() >= secs(60));
    assert_eq!(upstream.count(), 1);

    let start = clock::now();
    assert!(circuit.send(of("Bearer s3cret-b")).await.is_ok());
    assert!(circuit.send(put()).await.is_ok());
    assert_eq!(clock::now(), start, "nobody else waits");
}

#[tokio::test(start_paused = true)]
async fn the_callers_finer_key_tells_calls_of_one_credential_apart() {
    let account = |name| with_extension(of("Bearer s3cret"), RateLimitKey::new(name));
    let (circuit, _) = limited(account("account-17")).await;
    let same = circuit.send(account("account-17")).await;
    assert_eq!(refusal(&same), Some(Refusal::RateLimit));
    assert!(circuit.send(account("account-18")).await.is_ok());
    assert!(circuit.send(of("Bearer s3cret")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_profile_says_which_headers_name_who_is_limited() {
    let limited = async |provider: Provider, request: Call| {
        let upstream = Script::new([retry_after(429, 60)]);
        let circuit = Guarded::new(external().provider(provider), &upstream);
        assert_eq!(circuit.send(request).await.unwrap().status(), 429);
        circuit
    };
    let account = |name| with_header(of("Bearer s3cret"), "stripe-account", name);
    let stripe = limited(Provider::stripe(), account("acct_1")).await;
    let same = stripe.send(account("acct_1")).await;
    assert_eq!(refusal(&same), Some(Refusal::RateLimit));
    assert!(stripe.send(account("acct_2")).await.is_ok());
    // To another provider that header says nothing.
    let generic = limited(Provider::generic(), account("acct_1")).await;
    let other = generic.send(account("acct_2")).await;
    assert_eq!(refusal(&other), Some(Refusal::RateLimit));

    let api_key = |key| with_header(put(), "x-api-key", key);
    let adyen = limited(Provider::adyen(), api_key("s3cret-a")).await;
    let same = adyen.send(api_key("s3cret-a")).await;
    assert_eq!(refusal(&same), Some(Refusal::RateLimit));
    assert!(adyen.send(api_key("s3cret-b")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn when_it_is_over_there_is_no_probe() {
    let (circuit, upstream) = limited(of("a")).await;
    pass(secs(67)).await;
    let (first, second) = tokio::join!(circuit.send(of("a")), circuit.send(of("a")));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(upstream.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn without_retry_after_it_closes_nothing() {
    let upstream = Script::new([status(429), retry_after(429, 0)]);
    let circuit = Guarded::new(external(), &upstream);
    for expected in [429, 429, 200] {
        assert_eq!(circuit.send(of("a")).await.unwrap().status(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_credential_is_known_by_cannot_be_computed_elsewhere() {
    let request = of("Basic dXNlcjpwYXNz");
    let rate_key = || Identity::of(&request, &Provider::generic(), &Sources::NONE).rate_key();
    let ours = rate_key();
    assert_eq!(ours, rate_key());
    // A hash without a key of this process could be searched for the credential behind it.
    let credential = request.headers().get(http::header::AUTHORIZATION);
    let elsewhere = BuildHasherDefault::<DefaultHasher>::default();
    let guess = elsewhere.hash_one((credential, None::<http::HeaderValue>, None::<RateLimitKey>));
    assert_ne!(ours, guess.max(1));
}

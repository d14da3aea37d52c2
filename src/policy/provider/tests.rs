//! The profiles: what each promises, and what its headers change in the tables.

use http::{HeaderValue, StatusCode};

use super::*;
use crate::policy::classify::{Outcome, Repeat, delivery, repeat};
use crate::policy::{Delivery, Guarantee, StopReason};

const STOP_REPLAYED: Repeat = Repeat::Never(StopReason::Replayed);
const STOP_SAYS_NO: Repeat = Repeat::Never(StopReason::ServerSaysNo);
const STOP_NOT_IDEMPOTENT: Repeat = Repeat::Never(StopReason::NotIdempotent);
const STOP_PERMANENT: Repeat = Repeat::Never(StopReason::Permanent);

fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    lines
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect()
}

/// What becomes of a POST that this provider answered so: whether it is repeated, and whether it
/// was done.
fn post(
    provider: &Provider,
    guarantee: Guarantee,
    status: u16,
    lines: &[(&'static str, &'static str)],
) -> (Repeat, Delivery) {
    let headers = headers(lines);
    let outcome = Outcome::Response {
        status: StatusCode::from_u16(status).unwrap(),
        headers: &headers,
        retry_after: headers.contains_key("retry-after"),
        provider,
    };
    let delivery = delivery(&outcome, &Method::POST, guarantee);
    (repeat(&outcome, guarantee), delivery)
}

fn keyed(
    provider: &Provider,
    status: u16,
    lines: &[(&'static str, &'static str)],
) -> (Repeat, Delivery) {
    post(provider, Guarantee::Keyed, status, lines)
}

#[test]
fn stripe_says_whether_to_come_again() {
    let stripe = Provider::stripe();
    let yes = [("stripe-should-retry", "true")];
    let no = [("stripe-should-retry", "false")];
    assert_eq!(
        keyed(&stripe, 400, &yes),
        (Repeat::Allowed, Delivery::Rejected)
    );
    assert_eq!(keyed(&stripe, 400, &[]).0, STOP_PERMANENT);
    assert_eq!(keyed(&stripe, 409, &no).0, STOP_SAYS_NO);
    assert_eq!(keyed(&stripe, 409, &[]).0, Repeat::Allowed);
    assert_eq!(keyed(&stripe, 500, &no), (STOP_SAYS_NO, Delivery::Unknown));
    // Another provider's header means nothing.
    assert_eq!(keyed(&Provider::generic(), 409, &no).0, Repeat::Allowed);
}

#[test]
fn its_yes_never_overrides_the_doubt_about_a_post_without_a_key() {
    let stripe = Provider::stripe();
    let yes = [("stripe-should-retry", "true")];
    for status in [408, 409, 500, 502, 503] {
        let unkeyed = post(&stripe, Guarantee::None, status, &yes);
        assert_eq!(unkeyed.0, STOP_NOT_IDEMPOTENT, "{status}");
    }
    // Of a refusal there is no doubt.
    let limited = post(&stripe, Guarantee::None, 429, &yes);
    assert_eq!(limited, (Repeat::Allowed, Delivery::Rejected));
    assert_eq!(
        post(&stripe, Guarantee::None, 429, &[]).0,
        STOP_NOT_IDEMPOTENT
    );
}

#[test]
fn a_replayed_error_is_final_and_its_doubt_stays() {
    let stripe = Provider::stripe();
    let replayed = [("idempotent-replayed", "true")];
    assert_eq!(
        keyed(&stripe, 500, &replayed),
        (STOP_REPLAYED, Delivery::Unknown)
    );
    assert_eq!(
        keyed(&stripe, 402, &replayed),
        (STOP_REPLAYED, Delivery::Rejected)
    );
    // A redirection after the act says nothing of it, then or now.
    assert_eq!(
        keyed(&stripe, 302, &replayed),
        (STOP_REPLAYED, Delivery::Unknown)
    );
    let first = [("idempotent-replayed", "false")];
    assert_eq!(keyed(&stripe, 500, &first).0, Repeat::Allowed);
}

#[test]
fn of_two_words_the_one_that_forbids_more_counts() {
    let stripe = Provider::stripe();
    let (yes, replayed) = (
        ("stripe-should-retry", "true"),
        ("idempotent-replayed", "true"),
    );
    assert_eq!(keyed(&stripe, 500, &[yes, replayed]).0, STOP_REPLAYED);
    assert_eq!(keyed(&stripe, 500, &[replayed, yes]).0, STOP_REPLAYED);
    let overloaded = ("x-envoy-overloaded", "true");
    assert_eq!(keyed(&stripe, 503, &[yes, overloaded]).0, STOP_SAYS_NO);
}

#[test]
fn a_hint_is_read_in_any_letter_case_from_any_line_and_never_on_a_final_answer() {
    let stripe = Provider::stripe();
    assert_eq!(
        keyed(&stripe, 500, &[("stripe-should-retry", " False ")]).0,
        STOP_SAYS_NO
    );
    let mut lines = headers(&[("stripe-should-retry", "true")]);
    lines.append("stripe-should-retry", HeaderValue::from_static("false"));
    assert_eq!(stripe.hint_in(&lines), Some(Hint::DoNotRepeat));
    let said = Repeat::Never(StopReason::Answered);
    let yes = [("stripe-should-retry", "true")];
    assert_eq!(keyed(&stripe, 200, &yes), (said, Delivery::Done));
    assert_eq!(keyed(&stripe, 600, &yes).0, STOP_PERMANENT);
}

#[test]
fn adyen_marks_what_passes() {
    let adyen = Provider::adyen();
    let transient = [("transient-error", "true")];
    // Two requests have raced with one key: the first may still be carried out.
    assert_eq!(
        keyed(&adyen, 422, &transient),
        (Repeat::Allowed, Delivery::Unknown)
    );
    assert_eq!(
        keyed(&adyen, 422, &[]),
        (STOP_PERMANENT, Delivery::Rejected)
    );
    let lasting = [("transient-error", "false")];
    assert_eq!(
        keyed(&adyen, 500, &lasting),
        (STOP_SAYS_NO, Delivery::Unknown)
    );
    assert_eq!(keyed(&adyen, 500, &[]).0, Repeat::Allowed);
    // A rate limit is no doubt.
    assert_eq!(
        keyed(&adyen, 429, &transient),
        (Repeat::Allowed, Delivery::Rejected)
    );
}

#[test]
fn a_409_means_what_the_profile_says() {
    let refuses = Provider {
        conflict: Conflict::Rejected,
        ..Provider::generic()
    };
    assert_eq!(
        keyed(&refuses, 409, &[]),
        (STOP_PERMANENT, Delivery::Rejected)
    );
    assert_eq!(
        keyed(&Provider::generic(), 409, &[]),
        (Repeat::Allowed, Delivery::Unknown)
    );
}

#[test]
fn a_bare_503_is_a_refusal_only_if_the_provider_vouches_for_it() {
    let vouching = Provider {
        vouches_for_503: true,
        ..Provider::generic()
    };
    assert_eq!(
        keyed(&vouching, 503, &[]),
        (Repeat::Allowed, Delivery::Rejected)
    );
    assert_eq!(keyed(&vouching, 502, &[]).1, Delivery::Unknown);
    assert_eq!(keyed(&Provider::generic(), 503, &[]).1, Delivery::Unknown);
}

#[test]
fn a_key_is_read_as_the_provider_wants_it() {
    let key = IdempotencyKey::parse("order-17").unwrap();
    let raw = headers(&[("idempotency-key", "order-17")]);
    let quoted = headers(&[("idempotency-key", "\"order-17\"")]);
    assert_eq!(Provider::generic().key_in(&raw), Some(Ok(key.clone())));
    assert_eq!(Provider::ietf().key_in(&quoted), Some(Ok(key)));
    assert_eq!(
        Provider::ietf().key_in(&raw),
        Some(Err(InvalidKey::NotAString))
    );
    assert_eq!(Provider::generic().key_in(&headers(&[])), None);
}

#[test]
fn what_the_provider_could_not_know_again_is_no_key() {
    let generic = Provider::generic();
    let empty = headers(&[("idempotency-key", "")]);
    assert_eq!(generic.key_in(&empty), Some(Err(InvalidKey::Empty)));

    let mut two = headers(&[("idempotency-key", "a")]);
    two.append("idempotency-key", HeaderValue::from_static("a"));
    assert_eq!(generic.key_in(&two), Some(Err(InvalidKey::Several)));

    let key = |length| IdempotencyKey::parse(&"x".repeat(length)).unwrap();
    let too_long = InvalidKey::TooLong {
        length: 65,
        most: 64,
    };
    assert_eq!(Provider::adyen().check(&key(64)), Ok(()));
    assert_eq!(Provider::adyen().check(&key(65)), Err(too_long));
    assert_eq!(generic.check(&key(255)), Ok(()));
}

#[test]
fn the_profiles_differ_as_documented() {
    let [generic, stripe, adyen, ietf, none] = [
        Provider::generic(),
        Provider::stripe(),
        Provider::adyen(),
        Provider::ietf(),
        Provider::none(),
    ];
    let day = Duration::from_secs(86_400);
    assert_eq!(stripe.key_life, day);
    assert_eq!(adyen.key_life, 7 * day);
    assert_eq!(stripe.rate_per_second, Some(100.0));
    assert_eq!(generic.rate_per_second, None);
    assert_eq!(ietf.key_form, KeyForm::StructuredField);
    assert_eq!(stripe.account_header.unwrap(), "stripe-account");
    assert_eq!(adyen.credential_header, "x-api-key");
    assert!(generic.honours_keys_on(&Method::POST) && generic.honours_keys_on(&Method::PATCH));
    assert!(!generic.honours_keys_on(&Method::PUT));
    assert!(!none.honours_keys_on(&Method::POST));
}

#[test]
fn a_key_is_found_in_a_head_of_any_length_and_where_there_is_none_none_is() {
    let generic = Provider::generic();
    for others in [0, USUAL_NAMES - 1, USUAL_NAMES, 5 * USUAL_NAMES] {
        let mut headers = HeaderMap::new();
        for number in 0..others {
            let name = HeaderName::try_from(format!("idempotency-key-{number}")).unwrap();
            headers.append(name, HeaderValue::from_static("order-16"));
        }
        assert_eq!(generic.key_in(&headers), None, "{others} others");
        assert!(!generic.has_key_in(&headers));
        headers.append(&generic.key_header, HeaderValue::from_static("order-17"));
        assert!(generic.has_key_in(&headers));
        let key = IdempotencyKey::parse("order-17");
        assert_eq!(generic.key_in(&headers), Some(key), "{others} others");
    }
}

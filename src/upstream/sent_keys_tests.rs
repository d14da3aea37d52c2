//! What is remembered of keys, for how long, and how much of it.

use std::sync::atomic::AtomicU32;
use std::thread;
use std::time::Duration;

use http::Method;

use super::*;
use crate::policy::test_clock::start;
use crate::policy::test_threads::meet;

const LIFE: Duration = Duration::from_secs(60);

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

fn request(url: &str, body: &str) -> Request<String> {
    let builder = Request::builder().method(Method::POST).uri(url);
    builder.body(body.to_owned()).unwrap()
}

/// Sends a request with this key at this time, if that is allowed.
fn send(
    keys: &SentKeys,
    text: &str,
    request: &Request<String>,
    now: Instant,
) -> Result<KeyUse, KeyRefusal> {
    keys.remember(keys.describe(request, &key(text), now + LIFE), now)
}

#[test]
fn the_same_request_is_sent_again_and_another_is_not() {
    let (keys, now) = (SentKeys::new(), start());
    let ten = request("https://gateway.example/payments", r#"{"amount":10}"#);
    let eleven = request("https://gateway.example/payments", r#"{"amount":11}"#);
    assert!(send(&keys, "a", &ten, now).is_ok());
    assert!(send(&keys, "a", &ten, now).is_ok());
    assert_eq!(
        send(&keys, "a", &eleven, now),
        Err(KeyRefusal::OtherRequest)
    );
    assert!(send(&keys, "b", &eleven, now).is_ok());
}

#[test]
fn a_query_and_the_hosts_letter_case_do_not_make_another_request_a_path_and_a_method_do() {
    let (keys, now) = (SentKeys::new(), start());
    let first = request("https://gateway.example/payments", "{}");
    send(&keys, "a", &first, now).unwrap();
    let same = request("https://GATEWAY.example:443/payments?try=2", "{}");
    assert!(send(&keys, "a", &same, now).is_ok());
    let refund = request("https://gateway.example/refunds", "{}");
    assert_eq!(
        send(&keys, "a", &refund, now),
        Err(KeyRefusal::OtherRequest)
    );
    let mut patch = request("https://gateway.example/payments", "{}");
    *patch.method_mut() = Method::PATCH;
    assert_eq!(send(&keys, "a", &patch, now), Err(KeyRefusal::OtherRequest));
}

#[test]
fn a_key_is_never_sent_to_another_origin() {
    let (keys, now) = (SentKeys::new(), start());
    let first = request("https://gateway.example/payments", "{}");
    send(&keys, "a", &first, now).unwrap();
    for other in [
        "https://other.example/payments",
        "http://gateway.example/payments",
        "https://gateway.example:8443/payments",
    ] {
        let refused = send(&keys, "a", &request(other, "{}"), now);
        assert_eq!(refused, Err(KeyRefusal::OtherOrigin), "{other}");
    }
}

#[test]
fn a_key_lives_from_its_first_use_whatever_came_since() {
    let (keys, now) = (SentKeys::new(), start());
    let payment = request("https://gateway.example/payments", "{}");
    send(&keys, "a", &payment, now).unwrap();
    let late = now + LIFE.saturating_sub(Duration::from_secs(1));
    let again = send(&keys, "a", &payment, late).unwrap();
    assert_eq!(again.sent.expires, now + LIFE);
    assert_eq!(
        send(&keys, "a", &payment, now + LIFE),
        Err(KeyRefusal::Expired)
    );
}

#[test]
fn what_was_never_sent_is_forgotten_what_was_sent_before_is_not() {
    let (keys, now) = (SentKeys::new(), start());
    let ten = request("https://gateway.example/payments", "10");
    let eleven = request("https://gateway.example/payments", "11");
    let first = send(&keys, "a", &ten, now).unwrap();
    keys.forget(first);
    let second = send(&keys, "a", &eleven, now).unwrap();
    keys.keep(second);
    // The third call was refused here; the second was not.
    let third = send(&keys, "a", &eleven, now).unwrap();
    keys.forget(third);
    assert_eq!(send(&keys, "a", &ten, now), Err(KeyRefusal::OtherRequest));
}

#[test]
fn of_many_keys_the_latest_are_remembered_and_the_number_is_bounded() {
    let (keys, now) = (SentKeys::with_capacity(100), start());
    let ten = request("https://gateway.example/payments", "10");
    let eleven = request("https://gateway.example/payments", "11");
    for n in 0..1_000 {
        send(&keys, &n.to_string(), &ten, now).unwrap();
        let held: usize = keys.generations.iter().map(HashMap::len).sum();
        assert!(held <= 200, "{held}");
    }
    for n in 900..1_000 {
        let known = send(&keys, &n.to_string(), &eleven, now);
        assert_eq!(known, Err(KeyRefusal::OtherRequest), "{n}");
    }
    assert!(send(&keys, "0", &eleven, now).is_ok(), "long forgotten");
}

#[test]
fn a_key_that_is_used_again_and_again_is_not_forgotten_for_newer_ones() {
    let (keys, now) = (SentKeys::with_capacity(100), start());
    let ten = request("https://gateway.example/payments", "10");
    send(&keys, "old", &ten, now).unwrap();
    for n in 0..1_000 {
        send(&keys, &n.to_string(), &ten, now).unwrap();
        if n % 90 == 0 {
            let known = send(&keys, "old", &ten, now + Duration::from_secs(1)).unwrap();
            assert_eq!(known.sent.expires, now + LIFE, "{n}");
        }
    }
}

#[test]
fn of_two_requests_that_race_with_one_key_one_is_sent() {
    for _ in 0..50 {
        let (keys, now, arrived) = (SentKeys::new(), start(), AtomicU32::new(0));
        let race = |body: &str| {
            let payment = request("https://gateway.example/payments", body);
            meet(&arrived, 2, 1);
            send(&keys, "a", &payment, now).is_ok()
        };
        let (ten, eleven) = thread::scope(|scope| {
            let eleven = scope.spawn(|| race("11"));
            (race("10"), eleven.join().unwrap())
        });
        assert!(ten != eleven, "{ten}, {eleven}");
    }
}

//! What is remembered of keys, for how long, and how much of it.

use std::sync::atomic::AtomicU32;
use std::thread;
use std::time::Duration;

use http::Method;

use super::*;
use crate::IdempotencyKey;
use crate::middleware::extensions::hash;
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

/// A call with this key at this time, which ends without an answer.
fn send(
    keys: &SentKeys,
    text: &str,
    request: &Request<String>,
    now: Instant,
) -> Result<History, KeyRefusal> {
    let sending = Sending::of(request, keys);
    let key_use = keys.describe(&sending, hash(&key(text)), now + LIFE, false);
    let history = keys.begin(&key_use, now)?;
    keys.end(&key_use, Some(Delivery::Unknown));
    Ok(history)
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
fn the_hosts_letter_case_does_not_make_another_request_method_path_and_query_do() {
    let (keys, now) = (SentKeys::new(), start());
    let first = request("https://gateway.example/payments?amount=10", "");
    send(&keys, "a", &first, now).unwrap();
    let same = request("https://GATEWAY.example:443/payments?amount=10", "");
    assert!(send(&keys, "a", &same, now).is_ok());
    for other in [
        "https://gateway.example/payments?amount=11",
        "https://gateway.example/payments",
        "https://gateway.example/refunds?amount=10",
    ] {
        let refused = send(&keys, "a", &request(other, ""), now);
        assert_eq!(refused, Err(KeyRefusal::OtherRequest), "{other}");
    }
    let mut patch = first;
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
    assert_eq!(again.sent().expires, now + LIFE);
    assert_eq!(
        send(&keys, "a", &payment, now + LIFE),
        Err(KeyRefusal::Expired)
    );
}

#[test]
fn what_was_never_sent_is_forgotten_unless_another_call_with_it_is_open() {
    let (keys, now) = (SentKeys::new(), start());
    let payment = request("https://gateway.example/payments", "10");
    let key_use = keys.describe(
        &Sending::of(&payment, &keys),
        hash(&key("a")),
        now + LIFE,
        false,
    );
    keys.begin(&key_use, now).unwrap();
    keys.begin(&key_use, now).unwrap();
    keys.end(&key_use, Some(Delivery::NotSent));
    assert!(keys.known(key_use.key).is_some());
    keys.end(&key_use, Some(Delivery::NotSent));
    assert_eq!(keys.known(key_use.key), None);
}

#[test]
fn a_key_that_was_forgotten_while_its_call_was_open_is_known_again() {
    let (keys, now) = (SentKeys::with_capacity(10), start());
    let payment = request("https://gateway.example/payments", "10");
    let key_use = keys.describe(
        &Sending::of(&payment, &keys),
        hash(&key("a")),
        now + LIFE,
        false,
    );
    keys.begin(&key_use, now).unwrap();
    for n in 0..50 {
        send(&keys, &n.to_string(), &payment, now).unwrap();
    }
    assert_eq!(keys.known(key_use.key), None);
    keys.end(&key_use, Some(Delivery::Unknown));
    assert!(keys.known(key_use.key).unwrap().is_in_doubt());
}

#[test]
fn a_key_that_is_refused_again_and_again_is_not_forgotten_for_newer_ones() {
    let (keys, now) = (SentKeys::with_capacity(100), start());
    let payment = request("https://gateway.example/payments", "10");
    send(&keys, "old", &payment, now).unwrap();
    for n in 0..1_000 {
        send(&keys, &n.to_string(), &payment, now).unwrap();
        if n % 90 == 0 {
            let late = send(&keys, "old", &payment, now + LIFE);
            assert_eq!(late, Err(KeyRefusal::Expired), "{n}");
        }
    }
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
            assert_eq!(known.sent().expires, now + LIFE, "{n}");
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

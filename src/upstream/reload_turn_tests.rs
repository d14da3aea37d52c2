//! Which policy is refused, who is told of one, and what threads that race cannot break.

use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::thread;

use http::Request;

use super::*;
use crate::event::Observer;
use crate::middleware::testing::secs;
use crate::policy::test_threads::meet;
use crate::upstream::key::Key;
use crate::{Provider, Rule};

fn refused(from: &Policy, to: Policy) -> String {
    let upstreams = Upstreams::new(from.clone());
    let refused = upstreams.apply(to).unwrap_err();
    assert_eq!(*upstreams.policy(), *from, "refused whole");
    refused.to_string()
}

#[test]
fn a_key_may_not_change_the_way_it_is_sent() {
    let from = Policy::external_payments(Provider::generic());
    for other in [Provider::none(), Provider::ietf()] {
        let message = refused(&from, Policy::external_payments(other));
        assert!(
            message.contains("restart once none is in doubt"),
            "{message}"
        );
    }
    let header = Provider {
        key_header: http::HeaderName::from_static("x-key"),
        ..Provider::generic()
    };
    let message = refused(&from, Policy::external_payments(header));
    assert!(
        message.contains("provider.key_header: \"idempotency-key\" -> \"x-key\""),
        "{message}"
    );
}

#[test]
fn everything_that_speaks_against_a_policy_is_said_at_once() {
    let senseless = Provider {
        max_key_length: 3,
        ..Provider::generic()
    };
    let message = refused(&Policy::external(), Policy::external_payments(senseless));
    for said in [
        "longest key is 3",
        "preset: external -> external_payments",
        "honours_keys: false",
    ] {
        assert!(message.contains(said), "{said}: {message}");
    }
}

#[derive(Debug, Default)]
struct Diary(Mutex<Vec<String>>);

impl Observer for Diary {
    fn observe(&self, event: &Event<'_>) {
        let told = match event {
            Event::ConfigurationChanged { changes } => changes
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
            Event::OverrideInForce { overridden, .. } => overridden.to_string(),
            other => other.name().to_owned(),
        };
        self.0.lock().unwrap().push(told);
    }
}

#[test]
fn the_observers_are_told_what_has_changed() {
    let diary = Arc::new(Diary::default());
    let observed = Upstreams::builder(Policy::external()).observer(Arc::clone(&diary));
    let upstreams = observed.build();
    let told = || std::mem::take(&mut *diary.0.lock().unwrap());

    upstreams.apply(Policy::external()).unwrap();
    assert_eq!(told(), Vec::<String>::new(), "nothing has");

    let six = Policy::external()
        .to_builder()
        .max_attempts(6)
        .consecutive_failures(8);
    let six = six.allow(Rule::MaxAttempts, "agreed").build().unwrap();
    upstreams.apply(six.clone()).unwrap();
    let changes = "max_attempts: 3 -> 6, circuit.consecutive_failures: 5 -> 8, overrides: [] -> \
                   [Override { rule: MaxAttempts, rationale: \"agreed\" }]";
    assert_eq!(told(), [changes, "rule `max-attempts` overridden: agreed"]);

    upstreams
        .apply(six.to_builder().deadline(secs(20)).build().unwrap())
        .unwrap();
    assert_eq!(told(), ["deadline: 30s -> 20s"], "the override is no news");

    upstreams.apply(Policy::internal()).unwrap_err();
    assert_eq!(told(), Vec::<String>::new());
}

#[test]
fn an_upstream_that_is_made_meanwhile_goes_by_the_new_policy() {
    let with_floor = |floor| {
        Policy::external()
            .to_builder()
            .budget(0.1, floor)
            .build()
            .unwrap()
    };
    let upstreams = Upstreams::new(with_floor(0));
    let (arrived, rounds) = (AtomicU32::new(0), 200);
    thread::scope(|threads| {
        threads.spawn(|| {
            for round in 1..=rounds {
                meet(&arrived, 2, round);
                upstreams.apply(with_floor(round % 7)).unwrap();
            }
        });
        threads.spawn(|| {
            for round in 1..=rounds {
                meet(&arrived, 2, round);
                for n in 0..4 {
                    let url = format!("https://{round}-{n}.example/");
                    upstreams.find(&Request::get(url).body(()).unwrap());
                }
            }
        });
    });
    let in_force = upstreams.policy().budget();
    assert_eq!(in_force.floor_per_minute(), rounds % 7);
    for upstream in upstreams.shared.by_key.pin().values() {
        assert_eq!(
            upstream.budget().settings(),
            in_force,
            "{}",
            upstream.name()
        );
    }
}

#[test]
fn one_that_was_made_by_the_old_policy_and_overlooked_catches_up() {
    let upstreams = Upstreams::new(Policy::external());
    let old = upstreams.policy();
    let overlooked = upstreams.make(Key::nobodys("https://late.example:443"), &old);
    let new = old.to_builder().budget(0.3, 9).build().unwrap();
    upstreams.catch_up(&overlooked, &old);
    assert_eq!(
        overlooked.budget().settings(),
        old.budget(),
        "nothing has changed"
    );
    upstreams.apply(new.clone()).unwrap();
    upstreams.catch_up(&overlooked, &old);
    assert_eq!(overlooked.budget().settings(), new.budget());
}

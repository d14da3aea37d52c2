//! The rate that is allowed while nothing is wrong.

use proptest::prelude::*;

use super::*;

/// A declared peak of ten calls a second: eleven are allowed, and ten seconds of them at once.
pub(super) fn peak() -> Story {
    Story::of(CircuitSettings {
        declared_peak: Some(10.0),
        ..payments()
    })
}

/// A provider that allows so many calls a second.
fn provider(rate: f64) -> Story {
    Story::of(CircuitSettings {
        provider_rate: Some(rate),
        ..payments()
    })
}

/// Calls that pass at once.
pub(super) fn at_once(story: &mut Story, second: f64) -> usize {
    (0..10_000)
        .take_while(|_| matches!(story.ask(second, &IDEMPOTENT), Admission::Go(_)))
        .count()
}

/// Calls let through from one second to another, a hundred asking in each.
pub(super) fn passed(story: &mut Story, from: u32, to: u32, call: &Call) -> usize {
    (100 * from..100 * to)
        .filter(|&hundredth| {
            let now = f64::from(hundredth) / 100.0;
            // To a token that is a part of a nanosecond away, nobody is refused.
            !matches!(story.ask(now, call), Admission::Refuse { .. })
        })
        .count()
}

#[test]
fn without_a_rate_nothing_is_limited() {
    let mut story = Story::payments();
    assert_eq!(story.circuit.rate_limit(), None);
    assert!(story.circuit.is_untroubled());
    assert_eq!(at_once(&mut story, 0.0), 10_000);
    assert_eq!(story.circuit.pace(story.at(0.0)), None);
}

#[test]
fn ten_times_the_peak_passes_at_eleven_tenths_of_it() {
    let mut story = peak();
    assert!(!story.circuit.is_untroubled());
    assert_close(story.pace(0.0), 11.0);
    let passed = passed(&mut story, 0, 60, &IDEMPOTENT);
    // The bucket, which was full, and a minute.
    assert!((769..=770).contains(&passed), "{passed}");
    at_once(&mut story, 60.0);
    assert_eq!(story.refuses(60.01, &IDEMPOTENT).0, Refusal::Throttle);
    assert_eq!(story.state(60.01), CircuitState::Closed);
}

#[test]
fn of_a_providers_rate_no_more_than_a_second_goes_at_once() {
    let mut story = provider(100.0);
    assert_close(story.pace(0.0), 100.0);
    assert_eq!(at_once(&mut story, 0.0), 100);
    assert_eq!(at_once(&mut story, 1.0), 100);
    assert_eq!(at_once(&mut story, 3_600.0), 100);
    let mut slow = provider(0.5);
    assert_eq!(at_once(&mut slow, 0.0), 2, "two at the least");
}

#[test]
fn the_lowest_of_peak_provider_and_operator_holds() {
    let mut story = Story::of(CircuitSettings {
        declared_peak: Some(10.0),
        provider_rate: Some(8.0),
        ..payments()
    });
    assert_eq!(story.circuit.rate_limit(), Some(8.0));
    for (set, expected) in [
        (Some(5.0), 5.0),
        (Some(50.0), 8.0),
        (Some(2.0), 2.0),
        (None, 8.0),
    ] {
        let now = story.at(1.0);
        story.circuit.set_rate(now, set);
        assert_eq!(story.circuit.rate_limit(), Some(expected));
        assert_close(story.pace(1.0), expected);
    }
}

#[test]
fn an_operators_rate_limits_at_once_and_is_lifted_at_once() {
    let mut story = Story::payments();
    let now = story.at(1.0);
    story.circuit.set_rate(now, Some(4.0));
    assert!(!story.circuit.is_untroubled() && !story.circuit.is_idle(now));
    assert_eq!(at_once(&mut story, 1.0), 4);
    assert_eq!(story.refuses(1.0, &IDEMPOTENT).0, Refusal::Throttle);
    story.circuit.set_rate(now, None);
    assert_eq!(at_once(&mut story, 1.0), 10_000);
    assert!(story.circuit.is_untroubled() && story.circuit.is_idle(now));
}

#[test]
fn what_is_no_rate_lets_nothing_pass() {
    for nonsense in [0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
        let mut story = Story::payments();
        let now = story.at(0.0);
        story.circuit.set_rate(now, Some(nonsense));
        assert_eq!(
            at_once(&mut story, 0.0),
            2,
            "{nonsense}: what a bucket holds at the least"
        );
        assert_eq!(at_once(&mut story, 86_400.0), 0, "{nonsense}");
    }
}

#[test]
fn while_paced_an_operators_rate_holds_too() {
    let mut story = Story::paced(payments(), 10.0);
    let now = story.at(RECOVERED + 20.0);
    assert!(story.pace(RECOVERED + 20.0) > 7.0);
    story.circuit.set_rate(now, Some(3.0));
    assert!(story.pace(RECOVERED + 20.0) <= 3.0);
    assert_eq!(at_once(&mut story, RECOVERED + 20.0), 3);
}

#[test]
fn a_foreground_call_waits_up_to_five_seconds_for_its_token_in_the_order_it_came() {
    let mut story = peak();
    at_once(&mut story, 0.0);
    let slots: Vec<_> = (0..55).map(|_| story.holds(0.0, &PATIENT).until).collect();
    assert!(slots.is_sorted() && slots.windows(2).all(|pair| pair[0] < pair[1]));
    assert_close(story.time_of(slots[10]).as_secs_f64(), 1.0);
    assert_close(story.time_of(slots[54]).as_secs_f64(), 5.0);
    let (reason, retry_at) = story.refuses(0.0, &PATIENT);
    assert_eq!(reason, Refusal::Throttle);
    assert!(retry_at >= seconds(1.0 / 11.0), "{retry_at:?}");
    // Its deadline is nearer than its token.
    let hurried = Call {
        patience: seconds(0.05),
        ..IDEMPOTENT
    };
    assert_eq!(story.refuses(0.0, &hurried).0, Refusal::Throttle);
}

#[test]
fn a_token_that_was_promised_and_not_taken_is_the_next_ones() {
    let mut story = peak();
    at_once(&mut story, 0.0);
    let wait = story.holds(0.0, &PATIENT);
    let now = story.at(0.0);
    story.circuit.give_up(now, &wait);
    assert_eq!(story.holds(0.0, &PATIENT).until, wait.until);
}

#[test]
fn a_promise_ends_when_the_circuit_opens_or_the_gate_closes() {
    let mut story = peak();
    let sent = story.goes(0.0);
    at_once(&mut story, 0.0);
    let wait = story.holds(0.0, &PATIENT);
    let now = story.at(0.0);
    assert!(story.circuit.still_promises(now, &wait, &PATIENT));
    story.ends(0.0, sent, limits(60));
    assert!(
        !story.circuit.still_promises(now, &wait, &PATIENT),
        "its credential's gate"
    );
    let other = Call {
        rate_key: 2,
        ..PATIENT
    };
    assert!(story.circuit.still_promises(now, &wait, &other));
    story.ends(0.0, sent, gates(60));
    assert!(!story.circuit.still_promises(now, &wait, &other));
}

#[test]
fn background_work_leaves_half_of_the_bucket() {
    let mut story = peak();
    // Fifty-six tokens are left, of a bucket of a hundred and ten.
    for _ in 0..54 {
        story.goes(0.0);
    }
    story.passes(0.0, &BACKGROUND);
    let (reason, _) = story.refuses(0.1, &BACKGROUND);
    assert_eq!(
        reason,
        Refusal::BackgroundShare,
        "one at once after a start"
    );
    (0..3).for_each(|_| {
        story.goes(0.1);
    });
    assert_eq!(story.refuses(0.3, &BACKGROUND).0, Refusal::Throttle);
    assert_eq!(at_once(&mut story, 0.3), 55);
}

#[test]
fn background_work_alone_gets_half_of_the_peak() {
    let mut story = peak();
    let passed = passed(&mut story, 0, 60, &BACKGROUND);
    assert!((295..=315).contains(&passed), "{passed}");
}

#[test]
fn after_a_recovery_it_takes_over_with_what_was_saved() {
    let settings = CircuitSettings {
        declared_peak: Some(2.0),
        ..payments()
    };
    let mut story = Story::paced(settings, 1.0);
    assert!(story.pace(RECOVERED + 29.0) < 1.2);
    // Nobody presses: the recovery is over.
    assert_eq!(story.state(RECOVERED + 31.0), CircuitState::Closed);
    assert_close(story.pace(RECOVERED + 31.0), 2.2);
    let burst = at_once(&mut story, RECOVERED + 31.0);
    assert!(
        (10..=12).contains(&burst),
        "the bucket of the recovery: {burst}"
    );
}

#[test]
fn whoever_has_its_token_takes_no_second() {
    let mut story = peak();
    let throttle = |story: &mut Story, call: &Call| {
        let now = story.at(0.0);
        story.circuit.throttle(now, call, 0.0, &story.traffic)
    };
    let mut passed = 0;
    while let Admission::Go(permit) = throttle(&mut story, &IDEMPOTENT) {
        let throttled = Call {
            throttled: Some(permit.generation()),
            ..IDEMPOTENT
        };
        story.passes(0.0, &throttled);
        passed += 1;
    }
    assert_eq!(passed, 110);
    let of_another_time = Call {
        throttled: Some(story.circuit.generation() + 1),
        ..IDEMPOTENT
    };
    assert_eq!(story.refuses(0.0, &of_another_time).0, Refusal::Throttle);
}

#[test]
fn a_throttle_obeys_an_open_circuit_and_leaves_its_probe_alone() {
    let mut story = peak();
    story.trips_from(0.0);
    let asks = |story: &mut Story, second| {
        let now = story.at(second);
        story
            .circuit
            .throttle(now, &IDEMPOTENT, 0.0, &story.traffic)
    };
    assert!(matches!(
        asks(&mut story, 5.0),
        Admission::Refuse {
            reason: Refusal::Open,
            ..
        }
    ));
    let Admission::Go(permit) = asks(&mut story, 34.0) else {
        panic!("it passes")
    };
    assert!(!permit.is_probe());
    assert!(story.goes(34.0).is_probe(), "the probe is still to be had");
}

proptest! {
    #[test]
    fn no_more_passes_than_the_rate_and_one_bucket(
        rate in 0.2..200.0_f64,
        pauses in prop::collection::vec(0.0..0.5_f64, 1..400),
    ) {
        let mut story = provider(rate);
        let (mut now, mut passed) = (0.0, 0.0);
        for pause in pauses {
            now += pause;
            while let Admission::Go(_) = story.ask(now, &IDEMPOTENT) {
                passed += 1.0;
            }
        }
        prop_assert!(passed <= rate * now + rate.max(2.0) + 1e-6);
        prop_assert!(passed + 1.0 >= (rate * now).min(rate), "nor much less");
    }
}

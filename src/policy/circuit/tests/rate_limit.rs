//! What a 429 with Retry-After closes: one credential's gate. The circuit is untouched.

use super::*;

const OTHER_CREDENTIAL: Call = Call {
    rate_key: 2,
    ..IDEMPOTENT
};

/// Used to one call a second; at second 600 a 429 with this Retry-After.
fn limited(retry_after: u64) -> Story {
    let mut story = Story::payments();
    story.is_used_to(1.0, Duration::from_millis(20));
    story.call(600.0, limits(retry_after));
    story
}

/// Calls let through from one second to another, one asking every quarter of a second.
fn passed(story: &mut Story, from: u32, to: u32, call: &Call) -> usize {
    (4 * from..4 * to)
        .filter(|&quarter| matches!(story.ask(f64::from(quarter) / 4.0, call), Admission::Go(_)))
        .count()
}

#[test]
fn the_credential_is_refused_until_its_gate_ends_others_are_not() {
    let mut story = limited(60);
    assert_eq!(story.state(600.0), CircuitState::Closed);
    let (reason, retry_at) = story.refuses(659.75, &IDEMPOTENT);
    assert_eq!(reason, Refusal::RateLimit);
    assert!(retry_at >= seconds(660.0), "{retry_at:?}");
    story.passes(659.75, &OTHER_CREDENTIAL);
    assert!(
        !story.goes(662.0).is_probe(),
        "after a 429 there is no probe"
    );
    assert_eq!(story.state(662.0), CircuitState::Closed);
}

#[test]
fn a_hundred_429_do_not_open_it() {
    let mut story = Story::payments();
    let permits: Vec<_> = (0..100).map(|_| story.goes(0.0)).collect();
    for (second, permit) in permits.into_iter().enumerate() {
        story.ends(second as f64, permit, limits(1));
        assert_eq!(story.state(second as f64), CircuitState::Closed);
    }
}

#[test]
fn within_five_seconds_it_is_waited_for() {
    let mut story = limited(10);
    assert_eq!(story.refuses(604.0, &PATIENT).0, Refusal::RateLimit);
    let wait = story.holds(605.0, &PATIENT);
    assert_eq!(story.time_of(wait.until), seconds(610.0));
}

#[test]
fn the_rate_is_seven_tenths_at_first_and_recovers() {
    let mut story = limited(1);
    let normal = story.normal(600.0);
    assert_close(story.pace(601.0), 0.7 * normal);
    let passed = passed(&mut story, 600, 700, &OTHER_CREDENTIAL);
    assert!((68..=71).contains(&passed), "{passed} in 100 s");
    // Two good periods.
    story.earlier_attempt_ends(705.0, Health::Success, Duration::from_millis(20));
    story.ask(711.0, &OTHER_CREDENTIAL);
    assert_close(story.pace(711.0), 0.7 * 1.1 * normal);
    // Nothing refused for one ramp: the limit is lifted.
    assert_eq!(story.state(741.0), CircuitState::Closed);
    let now = story.at(742.0);
    assert_eq!(story.circuit.pace(now), None);
}

#[test]
fn the_rate_is_lower_after_a_gate_that_lasts_longer_than_the_ramp() {
    let mut story = limited(120);
    assert_eq!(passed(&mut story, 600, 720, &IDEMPOTENT), 0);
    let after = passed(&mut story, 720, 820, &IDEMPOTENT);
    // A full bucket and a hundred seconds of the pace, not all four hundred that ask.
    assert!((68..=79).contains(&after), "{after} in 100 s");
}

#[test]
fn a_later_429_moves_its_gate_later_never_earlier_up_to_the_cap() {
    let mut story = Story::payments();
    let [first, shorter, endless] = [0; 3].map(|_| story.goes(0.0));
    story.ends(0.0, first, limits(60));
    story.ends(1.0, shorter, limits(1));
    assert_eq!(story.refuses(59.75, &IDEMPOTENT).0, Refusal::RateLimit);
    story.ends(59.75, endless, limits(u64::MAX));
    assert_eq!(story.refuses(3_659.0, &IDEMPOTENT).0, Refusal::RateLimit);
    let wait = story.holds(3_659.5, &PATIENT);
    assert_eq!(story.time_of(wait.until), seconds(3_659.75));
}

#[test]
fn while_paced_it_slows_the_pace_and_is_no_failed_recovery() {
    let mut story = Story::paced(payments(), 1.0);
    story.presses(RECOVERED + 1.0);
    let before = story.pace(RECOVERED + 30.0);
    let permit = story.goes(RECOVERED + 30.0);
    story.ends(RECOVERED + 30.0, permit, limits(2));
    assert_eq!(story.state(RECOVERED + 30.0), CircuitState::Paced);
    assert_close(story.pace(RECOVERED + 30.0), 0.7 * before);
}

#[test]
fn nobody_is_sent_back_before_his_gate_ends_whatever_the_state() {
    let mut story = Story::paced(payments(), 1.0);
    let permit = story.goes(RECOVERED + 20.0);
    story.ends(RECOVERED + 20.0, permit, limits(900));
    for key in 0..100 {
        let (reason, retry_at) = story.refuses(RECOVERED + 21.0, &keyed(key));
        assert_eq!(reason, Refusal::RateLimit);
        assert!(retry_at >= seconds(RECOVERED + 920.0), "{retry_at:?}");
    }

    let mut story = Story::payments();
    let limited = story.goes(0.0);
    story.trips_from(0.0);
    story.ends(5.0, limited, limits(900));
    let (_, retry_at) = story.refuses(6.0, &IDEMPOTENT);
    assert!(retry_at >= seconds(905.0), "{retry_at:?}");
    let (_, retry_at) = story.refuses(6.0, &OTHER_CREDENTIAL);
    assert!(retry_at < seconds(200.0), "{retry_at:?}");
}

#[test]
fn a_promised_token_does_not_open_a_gate_that_closed_meanwhile() {
    let mut story = Story::paced(payments(), 1.0);
    let sent = story.goes(RECOVERED + 20.0);
    while let Admission::Go(_) = story.ask(RECOVERED + 20.0, &IDEMPOTENT) {}
    let wait = story.holds(RECOVERED + 20.0, &PATIENT);
    story.ends(RECOVERED + 20.25, sent, limits(60));
    let now = wait.until;
    let claimed = story.circuit.claim(now, &wait, &IDEMPOTENT, &story.traffic);
    assert_eq!(claimed, None);
    let claimed = story
        .circuit
        .claim(now, &wait, &OTHER_CREDENTIAL, &story.traffic);
    assert!(claimed.is_some(), "another credential's call goes");
}

#[test]
fn more_credentials_than_it_remembers_share_a_gate_and_none_is_let_through() {
    let mut story = Story::payments();
    let permits: Vec<_> = (0..2_000).map(|_| story.goes(0.0)).collect();
    for (credential, permit) in permits.into_iter().enumerate() {
        let ending = Ending {
            closing: Some(Closing::RateKey(
                credential as u64 + 1,
                Duration::from_secs(60),
            )),
            ..limits(60)
        };
        story.ends(0.0, permit, ending);
    }
    for rate_key in [1, 500, 1_999] {
        let call = Call {
            rate_key,
            ..IDEMPOTENT
        };
        assert_eq!(story.refuses(59.0, &call).0, Refusal::RateLimit);
    }
}

#[test]
fn many_answers_that_met_one_limit_are_one_lesson() {
    let mut story = Story::payments();
    story.is_used_to(1.0, Duration::from_millis(20));
    let permits: Vec<_> = (0..10).map(|_| story.goes(600.0)).collect();
    for permit in permits {
        story.ends(600.5, permit, limits(1));
    }
    let normal = story.normal(600.5);
    assert_close(story.pace(602.0), 0.7 * normal);
    // The gate ended and closes again: that is another.
    let permit = story.goes(603.0);
    story.ends(603.5, permit, limits(1));
    assert_close(story.pace(605.0), 0.5 * normal);
}

#[test]
fn a_gate_that_is_moved_later_keeps_the_slowdown_as_long() {
    let mut story = Story::payments();
    story.is_used_to(1.0, Duration::from_millis(20));
    let permits: Vec<_> = (0..2).map(|_| story.goes(600.0)).collect();
    story.ends(600.5, permits[0], limits(1));
    story.ends(600.5, permits[1], limits(300));
    story.refuses(899.0, &IDEMPOTENT);
    let normal = story.normal(600.5);
    assert_close(story.pace(901.0), 0.7 * normal);
}

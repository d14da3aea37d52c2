//! The gate: what a 503 with Retry-After closes.

use super::*;

/// Closed at second 0 by a 503 with this Retry-After.
fn gated(retry_after: u64, unit: f64) -> Story {
    let mut story = Story::payments();
    story.unit = unit;
    story.call(0.0, gates(retry_after));
    story
}

fn gate_ends(story: &Story) -> Duration {
    story.time_of(story.circuit.gate_until().expect("a closed gate"))
}

#[test]
fn one_503_with_retry_after_closes_it_for_every_call_one_without_does_not() {
    let mut story = gated(1200, 0.0);
    for (key, call) in [keyed(1), BACKGROUND, PATIENT].iter().enumerate() {
        let (reason, retry_at) = story.refuses(1.0 + key as f64, call);
        assert_eq!(reason, Refusal::Gate);
        assert!(retry_at >= seconds(1200.0), "{retry_at:?}");
    }
    assert_eq!(story.refuses(1199.75, &IDEMPOTENT).0, Refusal::Gate);
    assert!(story.goes(1200.0).is_probe());

    let mut story = Story::payments();
    story.fails(0.0);
    assert!(!story.goes(0.0).is_probe());
}

#[test]
fn its_jitter_is_only_ever_added_a_tenth_and_at_most_a_minute() {
    for unit in [0.0, 0.001, 0.5, 0.999, 1.0, f64::NAN] {
        let end = gate_ends(&gated(1200, unit));
        assert!(end >= seconds(1200.0), "{unit}: {end:?}");
        assert!(end <= seconds(1260.0), "{unit}: {end:?}");
        assert!(gate_ends(&gated(100, unit)) <= seconds(110.0));
    }
    assert_eq!(gate_ends(&gated(1200, 0.5)), seconds(1230.0));
}

#[test]
fn its_jitter_is_drawn_once_for_each_closing() {
    let mut story = Story::payments();
    let [first, second, third] = [0; 3].map(|_| story.goes(0.0));
    story.unit = 0.5;
    story.ends(0.0, first, gates(1200));
    story.unit = 0.999;
    story.ends(0.0, second, gates(1200));
    assert_eq!(gate_ends(&story), seconds(1230.0));
    // A later header, the same draw.
    story.ends(8.0, third, gates(1200));
    assert_eq!(gate_ends(&story), seconds(1238.0));
}

#[test]
fn a_later_header_moves_it_later_and_never_earlier() {
    let mut story = Story::payments();
    let [first, shorter, longer] = [0; 3].map(|_| story.goes(0.0));
    story.ends(0.0, first, gates(100));
    story.ends(1.0, shorter, gates(10));
    assert_eq!(gate_ends(&story), seconds(100.0));
    assert_eq!(story.refuses(99.0, &IDEMPOTENT).0, Refusal::Gate);
    story.ends(99.0, longer, gates(100));
    assert_eq!(gate_ends(&story), seconds(199.0));
    assert_eq!(story.refuses(100.0, &IDEMPOTENT).0, Refusal::Gate);
}

#[test]
fn a_lying_header_costs_an_hour_of_payments_and_six_of_others() {
    let week = Duration::from_secs(7 * 86_400);
    for (settings, cap) in [(payments(), 3_600.0), (external(), 6.0 * 3_600.0)] {
        for asked in [week, Duration::MAX] {
            let mut story = Story::of(settings.clone());
            let closing = Some(Closing::Upstream(asked));
            let ending = Ending {
                closing,
                ..Ending::new(Health::Failure)
            };
            story.call(0.0, ending);
            assert_eq!(gate_ends(&story), seconds(cap));
            assert!(story.goes(cap).is_probe());
        }
    }
}

#[test]
fn a_constant_header_holds_it_for_as_long_as_it_is_answered_and_then_once_more() {
    let mut story = gated(1200, 0.0);
    // The maintenance lasts 20 minutes, and its page says 1200 to the probe that comes too early.
    story.call(1200.0, gates(1200));
    assert_eq!(gate_ends(&story), seconds(2400.0));
    story.succeeds(2400.0);
    assert_eq!(story.state(2400.0), CircuitState::Paced);
}

#[test]
fn it_is_waited_for_when_it_ends_within_five_seconds_and_the_deadline() {
    let mut story = gated(20, 0.0);
    assert_eq!(story.refuses(14.75, &PATIENT).0, Refusal::Gate);
    let wait = story.holds(15.0, &PATIENT);
    assert_eq!(story.time_of(wait.until), seconds(20.0));
    let hurried = Call {
        patience: seconds(4.0),
        ..IDEMPOTENT
    };
    assert_eq!(story.refuses(15.75, &hurried).0, Refusal::Gate);
    story.holds(16.0, &hurried);
    assert_eq!(story.refuses(16.0, &IDEMPOTENT).0, Refusal::Gate);
    let now = story.at(20.0);
    let claimed = story.circuit.claim(now, &wait, &PATIENT, &story.traffic);
    assert_eq!(claimed, None, "a wait for the gate promises nothing");
    assert!(story.passes(20.0, &PATIENT).is_probe());
}

#[test]
fn a_bounded_number_waits_for_it() {
    let mut story = gated(20, 0.0);
    for _ in 0..256 {
        story.holds(16.0, &PATIENT);
        story.circuit.enter();
    }
    assert_eq!(story.refuses(16.0, &PATIENT).0, Refusal::Gate);
    let among_them = Call {
        waiting: true,
        ..PATIENT
    };
    story.holds(16.0, &among_them);
    story.circuit.leave();
    story.holds(16.0, &PATIENT);
}

#[test]
fn the_call_that_closed_it_is_first_for_the_probe() {
    let mut story = gated(30, 0.0);
    let reservation = story.circuit.reserve_probe();
    assert!(reservation.is_some());
    assert_eq!(story.circuit.reserve_probe(), None, "there is one probe");
    let closer = Call {
        reservation,
        repeatable: false,
        ..IDEMPOTENT
    };
    assert_eq!(story.refuses(30.0, &IDEMPOTENT).0, Refusal::Probing);
    assert_eq!(story.refuses(30.0, &BACKGROUND).0, Refusal::Probing);
    assert!(story.passes(30.25, &closer).is_probe());
}

#[test]
fn a_closer_that_will_not_come_makes_room_at_once() {
    let mut story = gated(30, 0.0);
    let reservation = story.circuit.reserve_probe().unwrap();
    assert_eq!(story.refuses(30.0, &IDEMPOTENT).0, Refusal::Probing);
    story.circuit.release_probe(reservation + 1);
    assert_eq!(story.refuses(30.0, &IDEMPOTENT).0, Refusal::Probing);
    story.circuit.release_probe(reservation);
    assert!(story.goes(30.0).is_probe());
}

#[test]
fn a_closer_that_is_late_is_waited_for_a_second() {
    let mut story = gated(30, 0.0);
    story.circuit.reserve_probe();
    assert_eq!(story.refuses(30.75, &IDEMPOTENT).0, Refusal::Probing);
    assert!(story.goes(31.0).is_probe());
}

#[test]
fn nothing_can_be_reserved_where_there_is_no_gate() {
    assert_eq!(Story::payments().circuit.reserve_probe(), None);
    assert_eq!(Story::paced(payments(), 1.0).circuit.reserve_probe(), None);
}

/// The share of normal that passes five seconds after the probe succeeded.
fn share_after_five_seconds(mut story: Story, gate_ends: f64) -> f64 {
    let normal = story.normal(gate_ends);
    story.succeeds(gate_ends);
    story.presses(gate_ends);
    story.presses(gate_ends + 2.5);
    story.pace(gate_ends + 5.0) / normal
}

#[test]
fn the_ramp_lasts_as_long_as_the_gate_did_at_most_thirty_seconds() {
    assert_close(share_after_five_seconds(gated(5, 0.0), 5.0), 1.1);
    assert_close(share_after_five_seconds(gated(10, 0.0), 10.0), 0.6);
    let longest = 0.1 + 1.0 * 5.0 / 30.0;
    assert_close(share_after_five_seconds(gated(30, 0.0), 30.0), longest);
    assert_close(share_after_five_seconds(gated(1200, 0.0), 1200.0), longest);
}

#[test]
fn a_short_gate_after_a_trip_does_not_shorten_the_ramp() {
    let full = 0.1 + 1.0 * 5.0 / 30.0;
    // On the failure that trips.
    let mut story = Story::payments();
    (0..4).for_each(|second| story.fails(f64::from(second)));
    story.call(4.0, gates(1));
    assert_close(share_after_five_seconds(story, 34.0), full);
    // By a late answer, while the probe is awaited; the break was a short one.
    let mut story = Story::payments();
    story.unit = 0.999;
    let late = story.goes(0.0);
    story.trips_from(0.0);
    let probed = story.break_ends().as_secs_f64();
    assert_eq!(story.state(probed), CircuitState::HalfOpen);
    story.ends(probed, late, gates(1));
    let reopens = story.break_ends().as_secs_f64();
    assert_close(share_after_five_seconds(story, reopens), full);
    // While paced.
    let mut story = Story::paced(payments(), 1.0);
    let permit = story.goes(RECOVERED + 10.0);
    story.ends(RECOVERED + 10.0, permit, gates(1));
    assert_close(share_after_five_seconds(story, RECOVERED + 11.0), full);
}

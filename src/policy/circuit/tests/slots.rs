//! `retry_at`: a slot for each refused call.

use super::*;

/// Used to one call a second; at second 600 a gate closes for this long.
fn gated(retry_after: u64) -> Story {
    let mut story = Story::payments();
    story.is_used_to(1.0, Duration::from_millis(20));
    story.call(600.0, gates(retry_after));
    story
}

fn slot(story: &mut Story, second: f64, key: u64) -> Duration {
    story.refuses(second, &keyed(key)).1
}

#[test]
fn refused_calls_come_back_one_at_a_time_at_the_normal_rate() {
    let mut story = gated(100);
    let normal = story.normal(600.0);
    let slots: Vec<_> = (0..50).map(|key| slot(&mut story, 601.0, key)).collect();
    assert_eq!(slots[0], seconds(700.0));
    for pair in slots.windows(2) {
        assert_close(pair[1].abs_diff(pair[0]).as_secs_f64(), 1.0 / normal);
    }
}

#[test]
fn the_same_key_keeps_its_slot_another_gets_its_own() {
    let mut story = gated(100);
    let first = slot(&mut story, 601.0, 7);
    let other = slot(&mut story, 601.0, 8);
    assert_ne!(first, other);
    for second in [602.0, 650.0, 699.0] {
        assert_eq!(slot(&mut story, second, 7), first);
        assert_eq!(slot(&mut story, second, 8), other);
    }
}

#[test]
fn a_call_that_comes_a_moment_early_after_the_outage_keeps_its_slot() {
    let mut story = gated(100);
    let slots: Vec<_> = (0..40).map(|key| slot(&mut story, 601.0, key)).collect();
    story.succeeds(700.0);
    // The pace has just begun and takes nobody yet.
    let mine = slots[2];
    assert_eq!(slot(&mut story, mine.as_secs_f64() - 0.25, 2), mine);
    // Once it has passed, there is a new one.
    assert!(slot(&mut story, mine.as_secs_f64() + 0.25, 2) > mine);
}

#[test]
fn a_short_gate_spreads_over_a_minute_and_never_later() {
    let mut story = gated(20);
    let slots: Vec<_> = (0..500)
        .map(|key| {
            story.unit = (key as f64 * 0.618_034).fract();
            slot(&mut story, 601.0, key)
        })
        .collect();
    assert!(slots.iter().all(|&slot| slot >= seconds(620.0)));
    assert!(slots.iter().all(|&slot| slot <= seconds(680.0)));
    let after_the_row = &slots[100..];
    let early = after_the_row
        .iter()
        .filter(|&&slot| slot < seconds(650.0))
        .count();
    assert!(
        (160..=240).contains(&early),
        "past the row, random: {early} of 400 in the first half"
    );
}

#[test]
fn a_long_gate_spreads_over_as_long_again() {
    let mut story = gated(1200);
    let mut latest = Duration::ZERO;
    for key in 0..3_000 {
        story.unit = (key as f64 * 0.618_034).fract();
        latest = latest.max(slot(&mut story, 601.0, key));
    }
    // With the gate's own jitter, which is drawn once: zero here.
    assert!(latest <= seconds(3_000.0), "{latest:?}");
    assert!(latest > seconds(2_900.0), "{latest:?}");
}

#[test]
fn a_gate_that_moves_later_takes_its_slots_along() {
    let mut story = Story::payments();
    let later = story.goes(0.0);
    story.call(0.0, gates(100));
    let first = slot(&mut story, 1.0, 7);
    assert_eq!(slot(&mut story, 50.0, 7), first);
    story.ends(50.0, later, gates(1000));
    assert!(slot(&mut story, 51.0, 7) >= seconds(1050.0));
}

#[test]
fn slots_of_a_long_rate_limit_do_not_disturb_the_row_of_an_outage() {
    let mut story = Story::payments();
    story.is_used_to(1.0, Duration::from_millis(20));
    let after = story.goes(599.0);
    story.call(600.0, limits(3_600));
    slot(&mut story, 601.0, 1);
    story.ends(602.0, after, gates(100));
    let others = |key| Call {
        rate_key: 2,
        ..keyed(key)
    };
    story.unit = 0.5;
    let first = story.refuses(603.0, &others(2)).1;
    assert_eq!(first, seconds(702.0));
    assert!(story.refuses(603.0, &others(3)).1 < seconds(704.0));
}

#[test]
fn whatever_arrives_retry_at_lies_ahead() {
    let mut story = Story::paced(payments(), 1.0);
    for tenth in 0..600_u32 {
        let second = RECOVERED + f64::from(tenth) / 10.0;
        let now = story.at(second);
        let at = story
            .circuit
            .retry_at(now, &keyed(u64::from(tenth % 7)), 0.0, &story.traffic);
        assert!(at > now);
    }
}

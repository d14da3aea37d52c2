//! What slows the rate that is allowed: 429, and a quota that runs out.

use super::throttle::{at_once, passed, peak};
use super::*;
use crate::policy::rate_limit::Quota;

fn runs_out(remaining: u64, reset: u64) -> Ending {
    Ending {
        quota: Some(Quota {
            remaining,
            reset: Duration::from_secs(reset),
        }),
        ..Ending::new(Health::Success)
    }
}

fn bare_429() -> Ending {
    Ending {
        rate_limited: true,
        ..Ending::new(Health::Neutral)
    }
}

/// An attempt that was sent this long ago ends.
fn sent_before(story: &mut Story, second: f64, took: f64, ending: Ending) -> Option<Slowed> {
    let permit = Permit::untroubled(story.circuit.generation());
    let ending = Ending {
        took: seconds(took),
        ..ending
    };
    let now = story.at(second);
    story
        .circuit
        .finish(now, permit, &ending, 0.0, &story.traffic)
}

#[test]
fn without_a_rate_there_is_nothing_to_slow() {
    let mut story = Story::payments();
    for ending in [bare_429(), runs_out(0, 60)] {
        assert_eq!(sent_before(&mut story, 1.0, 0.1, ending), None);
        assert!(story.circuit.is_untroubled());
    }
}

#[test]
fn a_429_cuts_the_rate_to_seven_tenths_and_successes_bring_it_back_to_its_cap() {
    let mut story = peak();
    let slowed = sent_before(&mut story, 5.0, 0.1, limits(1));
    let expected = Slowed {
        rate: 11.0 * 0.7,
        because: SlowedBy::TooManyRequests,
    };
    assert_eq!(slowed, Some(expected));
    assert!((passed(&mut story, 7, 9, &IDEMPOTENT) as f64) < 2.0 * 7.7 + 2.0 + 2.0 * 7.7);
    let mut rates = Vec::new();
    for period in 0..8 {
        let second = 9.0 + 10.0 * f64::from(period);
        story.earlier_attempt_ends(second, Health::Success, Duration::from_millis(20));
        rates.push((story.pace(second + 2.0) * 100.0).round());
    }
    assert_eq!(
        rates,
        [847.0, 932.0, 1025.0, 1100.0, 1100.0, 1100.0, 1100.0, 1100.0]
    );
    at_once(&mut story, 1_000.0);
    let (reason, _) = story.refuses(1_000.0, &IDEMPOTENT);
    assert_eq!(reason, Refusal::Throttle, "it is never over");
}

#[test]
fn nothing_that_was_saved_up_follows_a_429() {
    let mut story = peak();
    sent_before(&mut story, 5.0, 0.1, bare_429());
    assert_eq!(at_once(&mut story, 5.0), 2);
}

#[test]
fn a_429_without_retry_after_is_one_lesson_for_all_that_was_under_way() {
    let mut story = peak();
    let slow = |story: &mut Story, second, took| {
        let slowed = sent_before(story, second, took, bare_429());
        slowed.map(|slowed| (slowed.rate * 100.0).round())
    };
    assert_eq!(slow(&mut story, 5.0, 2.0), Some(770.0));
    assert_eq!(slow(&mut story, 5.1, 2.0), None);
    assert_eq!(slow(&mut story, 6.5, 0.6), None, "sent 0.9 s after the cut");
    assert_eq!(
        slow(&mut story, 6.6, 0.6),
        Some(539.0),
        "sent a second after it"
    );
    assert_eq!(
        story.circuit.blocked(story.at(6.6), &IDEMPOTENT),
        None,
        "no gate"
    );
}

#[test]
fn it_falls_to_a_tenth_and_no_lower() {
    let mut story = peak();
    for second in 0..100 {
        sent_before(&mut story, 2.0 * f64::from(second), 0.0, bare_429());
    }
    assert_close(story.pace(200.0), 1.1);
    assert_eq!(
        sent_before(&mut story, 210.0, 0.0, bare_429()),
        None,
        "no news"
    );
}

#[test]
fn a_slow_upstream_is_no_reason_to_throttle() {
    let mut story = peak();
    for second in 0..100 {
        let took = if second < 20 { 1 } else { 5_000 };
        story.earlier_attempt_ends(
            f64::from(second),
            Health::Success,
            Duration::from_millis(took),
        );
    }
    assert_close(story.pace(100.0), 11.0);
}

#[test]
fn a_quota_that_runs_out_is_made_to_last_until_there_is_more() {
    let mut story = peak();
    let slowed = sent_before(&mut story, 5.0, 0.1, runs_out(60, 30));
    let expected = Slowed {
        rate: 2.0,
        because: SlowedBy::RateLimitHeader,
    };
    assert_eq!(slowed, Some(expected));
    let until_then = passed(&mut story, 5, 35, &IDEMPOTENT);
    assert!((60..=62).contains(&until_then), "{until_then}");
    assert_close(story.pace(35.0), 11.0);
    let after = passed(&mut story, 35, 45, &IDEMPOTENT);
    assert!((109..=112).contains(&after), "{after}");
}

#[test]
fn whoever_waits_for_a_token_beyond_the_reset_is_told_when_it_comes() {
    let mut story = peak();
    sent_before(&mut story, 5.0, 0.1, runs_out(0, 2));
    // A tenth of the rate until then: 2.2 tokens in two seconds, the third soon after.
    let slots: Vec<_> = (0..3).map(|_| story.holds(5.0, &PATIENT).until).collect();
    assert_close(story.time_of(slots[0]).as_secs_f64(), 5.0 + 1.0 / 1.1);
    assert_close(story.time_of(slots[1]).as_secs_f64(), 5.0 + 2.0 / 1.1);
    assert_close(story.time_of(slots[2]).as_secs_f64(), 7.0 + 0.8 / 11.0);
}

#[test]
fn a_quota_never_hurries_and_a_looser_one_lifts_nothing() {
    let mut story = peak();
    assert_eq!(sent_before(&mut story, 1.0, 0.1, runs_out(1_000, 10)), None);
    assert_close(story.pace(1.0), 11.0);
    sent_before(&mut story, 2.0, 0.1, runs_out(60, 30));
    assert_eq!(
        sent_before(&mut story, 3.0, 0.1, runs_out(59, 29)),
        None,
        "no news"
    );
    assert_eq!(sent_before(&mut story, 4.0, 0.1, runs_out(900, 10)), None);
    assert_close(story.pace(31.0), 2.0);
    assert!(
        sent_before(&mut story, 5.0, 0.1, runs_out(45, 30)).is_some(),
        "tighter"
    );
    assert_close(story.pace(5.0), 1.5);
}

#[test]
fn a_lying_quota_costs_a_tenth_of_the_rate_for_as_long_as_a_gate_could() {
    let mut story = peak();
    sent_before(&mut story, 0.0, 0.1, runs_out(0, u64::MAX));
    assert_close(story.pace(1.0), 1.1);
    assert_close(story.pace(3_599.0), 1.1);
    assert_close(story.pace(3_600.0), 11.0);
}

#[test]
fn retry_after_wins_over_a_quota() {
    let mut story = peak();
    let both = Ending {
        quota: runs_out(0, 3_000).quota,
        ..limits(2)
    };
    let slowed = sent_before(&mut story, 5.0, 0.1, both).unwrap();
    assert_eq!(slowed.because, SlowedBy::TooManyRequests);
    assert_close(story.pace(8.0), 7.7);
}

#[test]
fn an_answer_from_before_an_outage_slows_nothing() {
    let mut story = peak();
    let early = story.goes(0.0);
    story.trips_from(0.0);
    story.succeeds(40.0);
    let before = story.pace(41.0);
    let now = story.at(41.0);
    let ending = runs_out(0, 60);
    let slowed = story
        .circuit
        .finish(now, early, &ending, 0.0, &story.traffic);
    assert_eq!(slowed, None);
    assert!(story.pace(41.0) >= before);
}

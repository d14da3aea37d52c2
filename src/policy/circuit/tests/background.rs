//! `Priority::Background`: what nobody waits for takes what is left.

use super::*;

/// Background calls let through, ten asking every second, from one second to another.
fn passed(story: &mut Story, from: f64, lasting: u32) -> usize {
    (0..lasting * 10)
        .filter(|&tenth| {
            let now = from + f64::from(tenth) / 10.0;
            matches!(story.ask(now, &BACKGROUND), Admission::Go(_))
        })
        .count()
}

#[test]
fn closed_it_takes_half_of_normal() {
    let mut story = Story::payments();
    story.is_used_to(2.0, Duration::from_millis(20));
    let passed = passed(&mut story, 600.0, 100);
    assert!((95..=112).contains(&passed), "{passed} in 100 s");
    assert_eq!(
        story.refuses(700.0, &BACKGROUND).0,
        Refusal::BackgroundShare
    );
    story.goes(700.0);
}

#[test]
fn closed_it_takes_half_of_the_declared_peak() {
    let mut story = Story::of(CircuitSettings {
        declared_peak: Some(8.0),
        ..payments()
    });
    let passed = passed(&mut story, 0.0, 100);
    assert!((398..=412).contains(&passed), "{passed} in 100 s");
}

#[test]
fn a_restarted_worker_does_not_flush_its_backlog() {
    let mut story = Story::payments();
    let at_once = (0..1_000)
        .filter(|_| matches!(story.ask(0.0, &BACKGROUND), Admission::Go(_)))
        .count();
    assert_eq!(at_once, 1);
}

#[test]
fn paced_it_leaves_half_of_the_bucket_to_the_foreground() {
    let mut story = Story::paced(payments(), 1.0);
    let full = RECOVERED + 29.0;
    let at_once = |story: &mut Story, call: &Call| {
        (0..100)
            .filter(|_| matches!(story.ask(full, call), Admission::Go(_)))
            .count()
    };
    // At 1.07/s the bucket holds 10.7.
    assert_eq!(at_once(&mut story, &BACKGROUND), 5);
    assert_eq!(story.refuses(full, &BACKGROUND).0, Refusal::Pace);
    assert_eq!(at_once(&mut story, &IDEMPOTENT), 5);
    assert_eq!(story.refuses(full, &IDEMPOTENT).0, Refusal::Pace);
}

#[test]
fn paced_the_foreground_may_take_all_of_it_and_leave_nothing() {
    let mut story = Story::paced(payments(), 1.0);
    let full = RECOVERED + 29.0;
    (0..6).for_each(|_| {
        story.goes(full);
    });
    assert_eq!(story.refuses(full, &BACKGROUND).0, Refusal::Pace);
    story.goes(full);
}

#[test]
fn it_does_not_wait_for_a_slot() {
    let mut story = Story::paced(payments(), 1.0);
    let patient = Call {
        patience: seconds(5.0),
        ..BACKGROUND
    };
    assert_eq!(story.refuses(RECOVERED, &patient).0, Refusal::Pace);
}

#[test]
fn a_quiet_upstream_that_only_background_work_calls_recovers() {
    // Six calls a minute is the least that counts as normal. A worker asks every second.
    let mut story = Story::payments();
    story.trips_from(0.0);
    story.succeeds(34.0);
    let mut passed = 0;
    for second in 35..1_800 {
        let now = f64::from(second);
        if let Admission::Go(permit) = story.ask(now, &BACKGROUND) {
            passed += 1;
            story.ends(now, permit, Ending::new(Health::Success));
        }
    }
    assert!(
        passed >= 50,
        "{passed} of the 170 or so that are half of normal"
    );
}

//! A foreground call waits a moment for its turn of the pace.

use super::*;

/// Twenty seconds into a recovery at one call a second, the bucket emptied.
fn pressed() -> Story {
    let mut story = Story::paced(payments(), 1.0);
    while let Admission::Go(_) = story.ask(NOW, &IDEMPOTENT) {}
    story
}

const NOW: f64 = RECOVERED + 20.0;

fn claim(story: &mut Story, second: f64, wait: &Wait) -> Option<Permit> {
    let now = story.at(second);
    story.circuit.claim(now, wait, &PATIENT, &story.traffic)
}

/// How many are promised a token now.
fn promised(story: &mut Story) -> Vec<Wait> {
    std::iter::from_fn(|| match story.ask(NOW, &PATIENT) {
        Admission::Wait(wait) => Some(wait),
        Admission::Go(_) | Admission::Refuse { .. } => None,
    })
    .collect()
}

#[test]
fn tokens_are_promised_for_the_next_five_seconds_and_no_longer() {
    let mut story = pressed();
    let waits = promised(&mut story);
    // 0.77/s rising to 0.93/s.
    assert!((3..=5).contains(&waits.len()), "{}", waits.len());
    assert!(
        waits
            .iter()
            .all(|wait| story.time_of(wait.until) <= seconds(NOW + 5.0))
    );
    assert!(
        waits.windows(2).all(|pair| pair[0].until < pair[1].until),
        "first come, first served"
    );
    assert_eq!(story.refuses(NOW, &PATIENT).0, Refusal::Pace);
}

#[test]
fn nobody_waits_longer_than_its_own_patience() {
    let mut story = pressed();
    let hurried = Call {
        patience: seconds(0.25),
        ..IDEMPOTENT
    };
    assert_eq!(story.refuses(NOW, &hurried).0, Refusal::Pace);
    story.holds(NOW, &PATIENT);
}

#[test]
fn a_promise_is_kept_at_its_time_and_not_before() {
    let mut story = pressed();
    let wait = story.holds(NOW, &PATIENT);
    let due = story.time_of(wait.until).as_secs_f64();
    assert_eq!(claim(&mut story, due - 0.125, &wait), None);
    // Those who come later do not take it away.
    (0..100).for_each(|_| {
        story.ask(due - 0.125, &IDEMPOTENT);
    });
    let permit = claim(&mut story, due + 0.001, &wait).expect("the promise is kept");
    assert!(!permit.is_probe());
}

#[test]
fn a_promise_of_a_pace_that_is_over_is_worth_nothing() {
    let mut story = pressed();
    let wait = story.holds(NOW, &PATIENT);
    for second in [0.125, 0.25, 0.375] {
        story.earlier_attempt_ends(NOW + second, Health::Failure, Duration::ZERO);
    }
    assert_eq!(story.state(NOW + 0.375), CircuitState::Open);
    assert_eq!(claim(&mut story, NOW + 5.0, &wait), None);
}

#[test]
fn a_promise_given_up_goes_to_the_next() {
    let mut story = pressed();
    let waits = promised(&mut story);
    assert_eq!(story.refuses(NOW, &PATIENT).0, Refusal::Pace);
    let now = story.at(NOW);
    story.circuit.give_up(now, waits.last().unwrap());
    assert_eq!(
        story.holds(NOW, &PATIENT).until,
        waits.last().unwrap().until
    );
    assert_eq!(story.refuses(NOW, &PATIENT).0, Refusal::Pace);
}

#[test]
fn a_promise_of_an_older_pace_gives_nothing_back_to_the_present_one() {
    let mut story = pressed();
    let old = promised(&mut story);
    for second in [0.125, 0.25, 0.375] {
        story.earlier_attempt_ends(NOW + second, Health::Failure, Duration::ZERO);
    }
    let recovered = story.break_ends().as_secs_f64();
    story.succeeds(recovered);
    let now = story.at(recovered);
    for wait in &old {
        story.circuit.give_up(now, wait);
    }
    assert_eq!(story.refuses(recovered, &IDEMPOTENT).0, Refusal::Pace);
}

#[test]
fn a_bounded_number_waits_and_one_too_many_takes_no_token() {
    let mut story = pressed();
    (0..256).for_each(|_| story.circuit.enter());
    (0..100).for_each(|_| {
        assert_eq!(story.refuses(NOW, &PATIENT).0, Refusal::Pace);
    });
    story.circuit.leave();
    let waits = promised(&mut story);
    assert!((3..=5).contains(&waits.len()), "{}", waits.len());
}

#[test]
fn more_leave_than_came_and_nothing_overflows() {
    let mut story = Story::payments();
    story.circuit.leave();
    story.circuit.enter();
    let now = story.at(0.0);
    assert!(!story.circuit.is_idle(now));
    story.circuit.leave();
    assert!(story.circuit.is_idle(now));
}

#[test]
fn a_promise_is_waited_for_until_its_moment_and_never_after_it() {
    let mut story = pressed();
    let wait = story.holds(NOW, &PATIENT);
    assert!(story.circuit.still_promises(story.at(NOW), &wait, &PATIENT));
    // Past it the call must take its token or ask anew: to wait for it would be to spin.
    assert!(!story.circuit.still_promises(wait.until, &wait, &PATIENT));
}

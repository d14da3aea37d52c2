//! How long.

use super::*;

fn timeouts(target: &Target, timeout: Duration, covers: TimeoutCovers) -> (Duration, Duration) {
    let config = Config {
        timeout,
        timeout_covers: covers,
        ..Config::default()
    };
    let said = notice(target, &config, "timeout").unwrap();
    let policy = policy(target, &config);
    let (attempt, call) = (policy.attempt_timeout(), policy.deadline());
    assert_eq!(
        said.1,
        format!("{attempt:?} for each attempt, {call:?} for the call")
    );
    (attempt, call)
}

#[test]
fn a_timeout_of_each_attempt_leaves_room_for_all_of_them() {
    let each = TimeoutCovers::Attempt;
    // Four attempts, and waits of at most 0.5 s, 1 s and 2 s.
    let millis = Duration::from_millis;
    assert_eq!(
        timeouts(&Target::External, 5 * SECOND, each),
        (5 * SECOND, millis(23_500))
    );
    // The same with 1 s, 2 s and 4 s, each up to 30 % longer.
    assert_eq!(
        timeouts(&payments(), 5 * SECOND, each),
        (5 * SECOND, millis(29_100))
    );
}

#[test]
fn a_hundred_attempts_have_room_for_their_waits_too() {
    let config = Config {
        max_retries: 99,
        timeout: SECOND,
        ..Config::default()
    };
    // A hundred attempts; waits of 25 ms to 0.8 s, and 93 of one second.
    let waits = Duration::from_millis(1_575) + 93 * SECOND;
    let policy = policy(&Target::Internal, &config);
    assert_eq!(policy.deadline(), 100 * SECOND + waits);
}

#[test]
fn a_timeout_of_the_call_is_its_deadline() {
    let whole = TimeoutCovers::Call;
    assert_eq!(
        timeouts(&Target::External, 5 * SECOND, whole),
        (5 * SECOND, 5 * SECOND)
    );
    assert_eq!(
        timeouts(&Target::External, 60 * SECOND, whole),
        (10 * SECOND, 60 * SECOND)
    );
}

#[test]
fn no_timeout_at_all_becomes_that_of_the_preset() {
    for covers in [TimeoutCovers::Attempt, TimeoutCovers::Call] {
        let preset = (30 * SECOND, 90 * SECOND);
        assert_eq!(timeouts(&payments(), Duration::ZERO, covers), preset);
    }
}

#[test]
fn a_long_attempt_leaves_a_break_the_time_for_its_probe() {
    let config = |timeout| Config {
        timeout,
        ..Config::default()
    };
    let longest = |timeout| {
        policy(&Target::Internal, &config(timeout))
            .circuit()
            .max_break
    };
    assert_eq!(longest(59 * SECOND), 60 * SECOND);
    assert_eq!(longest(60 * SECOND), 120 * SECOND);
}

#[test]
fn a_timeout_that_is_none_is_refused() {
    let config = |timeout| Config {
        timeout,
        max_retries: u32::MAX - 2,
        retry_delay: SECOND,
        ..Config::default()
    };
    let month = 30 * 24 * 3_600 * SECOND;
    let shorter = month.checked_sub(SECOND).unwrap();
    assert_eq!(refused(&Target::Internal, &config(shorter)), []);
    for timeout in [month, Duration::MAX] {
        let field = [("timeout", None)];
        assert_eq!(refused(&Target::Internal, &config(timeout)), field);
    }
}

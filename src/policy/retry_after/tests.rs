//! The grammar at its edges, and what no input may do. The agreed cases are in
//! `tests/retry_after_vectors.rs`.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use proptest::prelude::*;

use super::{RetryAfter, is_read_on, parse, spread};

/// Friday, 20 November 2026, 12:00:00 GMT.
const NOON: u64 = 1_795_176_000;

const DAY: u64 = 86_400;

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOON)
}

fn headers(lines: &[(HeaderName, &[u8])]) -> HeaderMap {
    lines
        .iter()
        .map(|(name, value)| {
            (
                name.clone(),
                HeaderValue::from_bytes(value).expect("a legal value"),
            )
        })
        .collect()
}

fn asked(value: &str) -> RetryAfter {
    parse(&headers(&[(header::RETRY_AFTER, value.as_bytes())]), noon())
}

fn asked_at(value: &str, date: &str, wall_now: SystemTime) -> RetryAfter {
    let lines = [
        (header::RETRY_AFTER, value.as_bytes()),
        (header::DATE, date.as_bytes()),
    ];
    parse(&headers(&lines), wall_now)
}

const fn delay(seconds: u64) -> RetryAfter {
    RetryAfter::Delay(Duration::from_secs(seconds))
}

#[test]
fn a_fraction_is_rounded_up_and_needs_digits_on_both_sides() {
    assert_eq!(asked("1.0"), delay(1));
    assert_eq!(asked("1.5"), delay(2));
    assert_eq!(asked("0.0000000000000000000000001"), delay(1));
    for garbage in [
        "1.", ".5", ".", "1.5.5", "1.-5", "-1.5", "+1.5", "1.5e3", "1,5",
    ] {
        assert_eq!(asked(garbage), RetryAfter::Invalid, "{garbage}");
    }
}

#[test]
fn more_digits_than_fit_mean_very_long() {
    assert_eq!(asked("18446744073709551615"), delay(u64::MAX));
    assert_eq!(
        asked("18446744073709551616"),
        RetryAfter::Delay(Duration::MAX)
    );
    assert_eq!(
        asked("18446744073709551615.1"),
        RetryAfter::Delay(Duration::MAX)
    );
    assert_eq!(asked(&"9".repeat(5_000)), RetryAfter::Delay(Duration::MAX));
}

#[test]
fn bytes_that_are_not_ascii_are_garbage_and_hide_no_other_line() {
    let latin_one: &[u8] = b"\xb2";
    assert_eq!(
        parse(&headers(&[(header::RETRY_AFTER, latin_one)]), noon()),
        RetryAfter::Invalid
    );
    let lines = [
        (header::RETRY_AFTER, latin_one),
        (header::RETRY_AFTER, b"7"),
    ];
    assert_eq!(parse(&headers(&lines), noon()), delay(7));
}

#[test]
fn of_several_lines_the_longest_counts_wherever_it_stands() {
    for lines in [
        ["1", "1200"],
        ["1200", "1"],
        ["Fri, 20 Nov 2026 12:20:00 GMT", "60"],
    ] {
        let lines = lines.map(|line| (header::RETRY_AFTER, line.as_bytes()));
        assert_eq!(parse(&headers(&lines), noon()), delay(1200));
    }
}

#[test]
fn a_date_is_measured_against_the_servers_own_clock() {
    let half_an_hour_fast = noon() + Duration::from_secs(1800);
    let until = "Fri, 20 Nov 2026 12:20:00 GMT";
    assert_eq!(
        asked_at(until, "Fri, 20 Nov 2026 12:00:00 GMT", half_an_hour_fast),
        delay(1200)
    );
    assert_eq!(
        asked_at(until, "Friday, 20-Nov-26 12:00:00 GMT", half_an_hour_fast),
        delay(1200)
    );
    // Equal is not later: the server says "now".
    assert_eq!(asked_at(until, until, noon()), delay(0));
}

#[test]
fn the_century_of_a_short_year_is_the_servers_too() {
    let (until, sent) = (
        "Friday, 20-Nov-05 12:20:00 GMT",
        "Fri, 20 Nov 2105 12:00:00 GMT",
    );
    assert_eq!(asked_at(until, sent, noon()), delay(1200));
    assert_eq!(asked(until), delay(0), "2005, to a reader in 2026");
}

#[test]
fn a_date_header_that_is_later_or_garbage_gives_way_to_the_local_clock() {
    let until = "Fri, 20 Nov 2026 12:20:00 GMT";
    for date in ["Fri, 20 Nov 2026 12:20:01 GMT", "yesterday", ""] {
        assert_eq!(asked_at(until, date, noon()), delay(1200), "{date}");
    }
}

#[test]
fn a_local_clock_at_the_end_or_before_the_start_of_time_breaks_nothing() {
    let before_epoch = SystemTime::UNIX_EPOCH - Duration::from_secs(100 * 365 * DAY);
    let year_9999 = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    for wall_now in [
        before_epoch,
        SystemTime::UNIX_EPOCH,
        year_9999 + Duration::from_secs(DAY),
    ] {
        for date in [
            "Friday, 20-Nov-26 12:20:00 GMT",
            "Fri, 31 Dec 9999 23:59:60 GMT",
        ] {
            let _ = parse(
                &headers(&[(header::RETRY_AFTER, date.as_bytes())]),
                wall_now,
            );
        }
    }
    let late = parse(
        &headers(&[(header::RETRY_AFTER, b"Sun, 06 Nov 1994 08:49:37 GMT")]),
        year_9999,
    );
    assert_eq!(late, delay(0));
}

#[test]
fn it_is_read_where_it_means_something_and_nowhere_else() {
    let read: Vec<u16> = (100..1000)
        .filter(|code| is_read_on(StatusCode::from_u16(*code).expect("in range")))
        .filter(|code| !(300..400).contains(code))
        .collect();
    assert_eq!(read, [408, 413, 425, 429, 503]);
    assert!((300..400).all(|code| is_read_on(StatusCode::from_u16(code).expect("in range"))));
}

#[test]
fn a_fleet_that_got_one_value_returns_over_a_tenth_of_it_or_a_minute() {
    let spreads = |wait: u64| {
        let mut waits: Vec<Duration> = (0..1000)
            .map(|n| spread(Duration::from_secs(wait), f64::from(n) / 1000.0))
            .collect();
        waits.dedup();
        assert_eq!(
            waits.len(),
            1000,
            "no two clients return in the same instant"
        );
        waits[999].as_secs_f64() - waits[0].as_secs_f64()
    };
    assert!((spreads(100) - 9.99).abs() < 1e-6, "10 % of a short wait");
    assert!((spreads(1200) - 59.94).abs() < 1e-6, "60 s of a long one");
    assert_eq!(spread(Duration::ZERO, 0.9), Duration::ZERO);
    assert_eq!(spread(Duration::MAX, 0.9), Duration::MAX);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        line in prop::collection::vec(any::<u8>(), 0..60),
        date in prop::collection::vec(any::<u8>(), 0..60),
        now in any::<u32>(),
    ) {
        let mut map = HeaderMap::new();
        for (name, bytes) in [(header::RETRY_AFTER, line), (header::DATE, date)] {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                map.append(name, value);
            }
        }
        let _ = parse(&map, SystemTime::UNIX_EPOCH + Duration::from_secs(now.into()));
    }

    #[test]
    fn nothing_that_looks_like_a_date_makes_it_panic(
        line in "(Mon|Monday|Fri|Friday)(,|) [0-9]{1,2}[ -](Nov|Feb)[ -][0-9]{2,4} [0-9]{2}:[0-9]{2}:[0-9]{2}( GMT|)",
    ) {
        let _ = asked(&line);
    }

    #[test]
    fn digits_are_never_invalid(digits in "[0-9]{1,40}") {
        prop_assert!(asked(&digits).delay().is_some());
    }

    #[test]
    fn the_spread_is_only_ever_added_and_stays_within_its_bounds(
        seconds in any::<u64>(), nanos in 0..1_000_000_000_u32, unit in prop::num::f64::ANY,
    ) {
        let wait = Duration::new(seconds, nanos);
        let most = (wait / 10).min(Duration::from_secs(60));
        let spread = spread(wait, unit);
        prop_assert!(spread >= wait);
        prop_assert!(spread <= wait.saturating_add(most));
    }
}

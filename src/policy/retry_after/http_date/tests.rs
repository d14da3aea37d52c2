//! Dates in every form, with wrong weekdays, short years and leap seconds.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;

const DAY: u64 = 86_400;

/// Friday, 20 November 2026, 12:00:00 GMT.
fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_176_000)
}

/// How many seconds after noon the date lies, for a reader at noon.
fn ahead(date: &str) -> Option<u64> {
    super::parse(date, noon()).and_then(|date| Some(date.duration_since(noon()).ok()?.as_secs()))
}

#[test]
fn a_wrong_weekday_is_accepted_in_all_three_forms_and_no_weekday_is_not() {
    for (wrong, none) in [
        (
            "Mon, 20 Nov 2026 12:20:00 GMT",
            "Xxx, 20 Nov 2026 12:20:00 GMT",
        ),
        (
            "Monday, 20-Nov-26 12:20:00 GMT",
            "Someday, 20-Nov-26 12:20:00 GMT",
        ),
        ("Mon Nov 20 12:20:00 2026", "Xxx Nov 20 12:20:00 2026"),
    ] {
        assert_eq!(ahead(wrong), Some(1200), "{wrong}");
        assert_eq!(super::parse(none, noon()), None, "{none}");
    }
}

#[test]
fn a_day_that_does_not_exist_is_invalid_whatever_its_weekday() {
    for date in [
        "Mon, 30 Feb 2027 12:00:00 GMT",
        "Monday, 31-Apr-27 12:00:00 GMT",
        "Mon Feb 29 12:00:00 2027",
    ] {
        assert_eq!(super::parse(date, noon()), None, "{date}");
    }
}

#[test]
fn a_two_digit_year_lies_at_most_fifty_years_ahead_of_the_reference() {
    let read = |date, near| super::parse(date, near).map(httpdate::fmt_http_date);
    let is = |date: &str| Some(date.to_owned());
    // `httpdate` alone would call these 1970 and 1976.
    assert_eq!(
        read("Thursday, 20-Nov-70 12:00:00 GMT", noon()),
        is("Thu, 20 Nov 2070 12:00:00 GMT")
    );
    assert_eq!(
        read("Friday, 20-Nov-76 12:00:00 GMT", noon()),
        is("Fri, 20 Nov 2076 12:00:00 GMT")
    );
    assert_eq!(
        read("Saturday, 20-Nov-77 12:00:00 GMT", noon()),
        is("Sun, 20 Nov 1977 12:00:00 GMT")
    );
    // The line moves with the reference.
    let in_2060 = noon() + Duration::from_secs(34 * 365 * DAY);
    let date = "Friday, 20-Nov-05 12:00:00 GMT";
    assert_eq!(read(date, in_2060), is("Fri, 20 Nov 2105 12:00:00 GMT"));
    assert_eq!(read(date, noon()), is("Sun, 20 Nov 2005 12:00:00 GMT"));
}

#[test]
fn a_two_digit_year_has_two_digits() {
    for date in [
        "Friday, 20-Nov-2026 12:20:00 GMT",
        "Friday, 20-Nov-6 12:20:00 GMT",
        "Friday, 0-Nov-026 12:20:00 GMT",
        "Friday, 20-Nov-+6 12:20:00 GMT",
        "Friday, 20 Nov 26 12:20:00 GMT",
        "Friday 20-Nov-26 12:20:00 GMT",
    ] {
        assert_eq!(super::parse(date, noon()), None, "{date}");
    }
}

#[test]
fn a_leap_second_is_the_second_after_the_fifty_ninth() {
    assert_eq!(ahead("Fri, 20 Nov 2026 12:19:60 GMT"), Some(1200));
    assert_eq!(ahead("Friday, 20-Nov-26 12:19:60 GMT"), Some(1200));
    assert_eq!(ahead("Fri Nov 20 12:19:60 2026"), Some(1200));
    for garbage in [
        "Fri, 20 Nov 2026 12:60:00 GMT",
        "Fri, 20 Nov 2026 12:19:61 GMT",
        ":60",
        "a:60",
    ] {
        assert_eq!(super::parse(garbage, noon()), None, "{garbage}");
    }
}

proptest! {
    #[test]
    fn every_date_reads_the_same_in_all_three_forms(seconds in 0..49 * 365 * DAY) {
        let date = httpdate::fmt_http_date(noon() + Duration::from_secs(seconds));
        let (day, month, year, time) = (&date[5..7], &date[8..11], &date[12..16], &date[17..25]);
        let asctime = format!("{} {month} {day} {time} {year}", &date[..3]);
        let rfc_850 = format!("Sunday, {day}-{month}-{} {time} GMT", &year[2..]);
        for form in [date.clone(), asctime, rfc_850] {
            prop_assert_eq!(ahead(&form), Some(seconds), "{}", form);
        }
    }
}

//! HTTP-dates as servers send them: all three forms, and the mistakes that do no harm.

use std::iter;
use std::time::{Duration, SystemTime};

/// Fifty calendar years have 18,262 or 18,263 days. The day of grace decides nothing: such a date
/// is beyond every cap.
const FIFTY_YEARS: Duration = Duration::from_secs(18_263 * 86_400);

const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// An HTTP-date in any of its three forms; `near` settles the century of a two-digit year.
pub(super) fn parse(text: &str, near: SystemTime) -> Option<SystemTime> {
    // A leap second is in the grammar, and unknown to `httpdate`.
    if let Some((minute, rest)) = text.rsplit_once(':')
        && let Some(zone) = rest.strip_prefix("60")
    {
        let second_before = parse(&format!("{minute}:59{zone}"), near)?;
        return second_before.checked_add(Duration::from_secs(1));
    }
    match text.split_once(", ") {
        Some((weekday, date)) if WEEKDAYS.contains(&weekday) => {
            two_digit_year(&weekday[..3], date, near)
        }
        Some((weekday, date)) => on_any_weekday(weekday, ", ", date),
        None => {
            let (weekday, date) = text.split_once(' ')?;
            on_any_weekday(weekday, " ", date)
        }
    }
}

/// `httpdate` refuses a date whose weekday is wrong. The weekday adds nothing to a date, and the
/// server did ask for a wait: so the other names are tried too.
fn on_any_weekday(named: &str, separator: &str, date: &str) -> Option<SystemTime> {
    let weekdays = WEEKDAYS.map(|weekday| &weekday[..3]);
    if !weekdays.contains(&named) {
        return None;
    }
    iter::once(named)
        .chain(weekdays)
        .find_map(|weekday| httpdate::parse_http_date(&format!("{weekday}{separator}{date}")).ok())
}

/// The RFC 850 form, `06-Nov-94 08:49:37 GMT`: the latest such date that is at most 50 years ahead
/// of `near` (RFC 9110 section 5.6.7). `httpdate` draws the line at 1970 instead, for ever.
fn two_digit_year(weekday: &str, date: &str, near: SystemTime) -> Option<SystemTime> {
    let (day, rest) = date.split_once('-')?;
    let (month, rest) = rest.split_once('-')?;
    let (year, time) = rest.split_once(' ')?;
    if year.len() != 2 {
        return None;
    }
    let latest = near.checked_add(FIFTY_YEARS).unwrap_or(near);
    ["21", "20", "19"].into_iter().find_map(|century| {
        let date = format!("{day} {month} {century}{year} {time}");
        on_any_weekday(weekday, ", ", &date).filter(|date| *date <= latest)
    })
}

#[cfg(test)]
mod tests;

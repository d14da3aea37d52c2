//! The field `RateLimit`: as much of a structured field (RFC 9651) as a quota needs.

use std::time::Duration;

use super::Quota;

/// Larger integers are malformed (RFC 9651 section 3.3.1): at most fifteen digits.
const DIGITS: usize = 15;

/// The quotas of one line, in either form.
pub(super) fn quotas(line: &str) -> Vec<Quota> {
    let members = split(line, b',');
    let named = |name| {
        let mut values = members.iter().filter_map(|member| value_of(member, name));
        values.next()
    };
    let whole = named("remaining").zip(named("reset"));
    let whole = whole.and_then(|(remaining, reset)| Quota::new(remaining, secs(reset)));
    members
        .iter()
        .filter_map(|item| quota(item))
        .chain(whole)
        .collect()
}

/// `"name";r=50;t=30`, its parameters in any order, others beside them.
fn quota(item: &str) -> Option<Quota> {
    let parts = split(item, b';');
    let (name, parameters) = parts.split_first()?;
    let is_string = name.len() >= 2 && name.starts_with('"') && name.ends_with('"');
    // Of a parameter that comes twice, the last one counts (RFC 9651 section 3.1.2).
    let last = |key| {
        let mut values = parameters.iter().filter_map(|part| value_of(part, key));
        values.next_back()
    };
    if !is_string {
        return None;
    }
    Quota::new(last("r")?, secs(last("t")?))
}

/// The integer of `key=5`, if that is the key.
fn value_of(part: &str, key: &str) -> Option<u64> {
    integer(part.strip_prefix(key)?.strip_prefix('=')?)
}

/// Digits only: a sign or a fraction is malformed.
pub(super) fn integer(text: &str) -> Option<u64> {
    let text = trimmed(text);
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits || text.len() > DIGITS {
        return None;
    }
    text.parse().ok()
}

/// Splits outside of quoted strings.
fn split(text: &str, at: u8) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|char: char| {
        let is_escaped = std::mem::take(&mut escaped);
        match char {
            '\\' if quoted && !is_escaped => escaped = true,
            '"' if !is_escaped => quoted = !quoted,
            _ => return !quoted && char == char::from(at),
        }
        false
    })
    .map(trimmed)
    .collect()
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

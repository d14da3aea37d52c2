//! Which variables there are, and how each is read.

use std::env;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::value::{Error as Unknown, StrDeserializer};

use super::super::written::WrittenClient;
use crate::config::written::{Profile, Span};
use crate::policy::backoff::Jitter;

/// Reads a text into its place, or says what it is not, and the fix.
type Read = fn(&mut WrittenClient, &str) -> Result<(), String>;

/// Every setting, by its name in a file; without the `policy` before it, where it is the policy's.
pub(super) const SETTINGS: [(&str, Read); 37] = [
    ("url", |w, t| put(&mut w.url, Ok(t.to_owned()))),
    ("preset", |w, t| put(&mut w.policy.preset, named(t, PRESET))),
    ("provider", |w, t| {
        let profile = named(t, PROVIDER).map(Profile::provider);
        put(&mut w.policy.provider, profile)
    }),
    ("max_attempts", |w, t| {
        put(&mut w.policy.max_attempts, count(t))
    }),
    ("attempt_timeout", |w, t| {
        put(&mut w.policy.attempt_timeout, span(t))
    }),
    ("deadline", |w, t| put(&mut w.policy.deadline, span(t))),
    ("max_concurrency", |w, t| {
        put(&mut w.policy.max_concurrency, count(t))
    }),
    ("backoff.base", |w, t| {
        put(&mut w.policy.backoff.base, span(t))
    }),
    ("backoff.multiplier", |w, t| {
        put(&mut w.policy.backoff.multiplier, number(t))
    }),
    ("backoff.cap", |w, t| {
        put(&mut w.policy.backoff.cap, span(t))
    }),
    ("backoff.jitter", |w, t| {
        put(&mut w.policy.backoff.jitter, jitter(t))
    }),
    ("budget.ratio", |w, t| {
        put(&mut w.policy.budget.ratio, number(t))
    }),
    ("budget.floor_per_minute", |w, t| {
        put(&mut w.policy.budget.floor_per_minute, count(t))
    }),
    ("circuit.enabled", |w, t| {
        put(&mut w.policy.circuit.enabled, flag(t))
    }),
    ("circuit.consecutive_failures", |w, t| {
        put(&mut w.policy.circuit.consecutive_failures, count(t))
    }),
    ("circuit.within", |w, t| {
        put(&mut w.policy.circuit.within, span(t))
    }),
    ("circuit.failure_ratio.ratio", |w, t| {
        put(
            &mut w.policy.circuit.failure_ratio.get_or_insert_default().ratio,
            number(t),
        )
    }),
    ("circuit.failure_ratio.window", |w, t| {
        put(
            &mut w
                .policy
                .circuit
                .failure_ratio
                .get_or_insert_default()
                .window,
            span(t),
        )
    }),
    ("circuit.failure_ratio.minimum", |w, t| {
        put(
            &mut w
                .policy
                .circuit
                .failure_ratio
                .get_or_insert_default()
                .minimum,
            count(t),
        )
    }),
    ("circuit.slow_call", |w, t| {
        put(&mut w.policy.circuit.slow_call, span(t))
    }),
    ("circuit.break_duration", |w, t| {
        put(&mut w.policy.circuit.break_duration, span(t))
    }),
    ("circuit.break_multiplier", |w, t| {
        put(&mut w.policy.circuit.break_multiplier, number(t))
    }),
    ("circuit.longest_break", |w, t| {
        put(&mut w.policy.circuit.longest_break, span(t))
    }),
    ("circuit.ramp", |w, t| {
        put(&mut w.policy.circuit.ramp, span(t))
    }),
    ("circuit.gate_cap", |w, t| {
        put(&mut w.policy.circuit.gate_cap, span(t))
    }),
    ("circuit.declared_peak_per_second", |w, t| {
        put(&mut w.policy.circuit.declared_peak_per_second, number(t))
    }),
    ("honour_retry_after", |w, t| {
        put(&mut w.policy.honour_retry_after, flag(t))
    }),
    ("inject_keys", |w, t| {
        put(&mut w.policy.inject_keys, flag(t))
    }),
    ("repeat_unkeyed", |w, t| {
        put(&mut w.policy.repeat_unkeyed, flag(t))
    }),
    ("require_https", |w, t| {
        put(&mut w.policy.require_https, flag(t))
    }),
    ("connect_timeout", |w, t| {
        put(&mut w.connect_timeout, span(t))
    }),
    ("pool_idle_timeout", |w, t| {
        put(&mut w.pool_idle_timeout, span(t))
    }),
    ("pool_max_idle_per_host", |w, t| {
        put(&mut w.pool_max_idle_per_host, count(t))
    }),
    ("read_timeout", |w, t| put(&mut w.read_timeout, span(t))),
    ("response_body_limit", |w, t| {
        put(&mut w.response_body_limit, count(t))
    }),
    ("http2_prior_knowledge", |w, t| {
        w.http2_prior_knowledge = flag(t)?;
        Ok(())
    }),
    ("root_certificates", |w, t| {
        w.root_certificates = env::split_paths(t).collect();
        Ok(())
    }),
];

const PRESET: &str = "no preset: write `internal`, `external` or `external_payments`";
const PROVIDER: &str =
    "no provider's profile: write `generic`, `stripe`, `adyen`, `ietf` or `none`";
const COUNT: &str = "not a count, or too large a one: write digits, such as `5`";
const NUMBER: &str = "not a number: write one such as `0.5`";
const FLAG: &str = "neither `true` nor `false`: write one of them";
const JITTER: &str =
    "no jitter: write `full`, `equal`, `decorrelated`, `none` or `proportional:0.3`";

fn put<T>(place: &mut Option<T>, value: Result<T, String>) -> Result<(), String> {
    *place = Some(value?);
    Ok(())
}

fn named<'de, T: Deserialize<'de>>(text: &'de str, otherwise: &str) -> Result<T, String> {
    T::deserialize(StrDeserializer::<Unknown>::new(text)).map_err(|_| otherwise.to_owned())
}

fn span(text: &str) -> Result<Span, String> {
    text.parse::<Span>().map_err(|error| error.to_string())
}

fn count<T: FromStr>(text: &str) -> Result<T, String> {
    // Not left to the integer parser alone: it takes a plus sign.
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let count = is_digits.then(|| text.parse().ok()).flatten();
    count.ok_or_else(|| COUNT.to_owned())
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| NUMBER.to_owned())
}

fn flag(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| FLAG.to_owned())
}

fn jitter(text: &str) -> Result<Jitter, String> {
    match text.split_once(':') {
        Some(("proportional", factor)) => number(factor)
            .map(Jitter::Proportional)
            .map_err(|_| JITTER.to_owned()),
        _ => named(text, JITTER),
    }
}

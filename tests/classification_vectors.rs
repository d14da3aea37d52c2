//! The agreed cases of "may this attempt be repeated?", each run against the public API.
#![expect(clippy::panic, reason = "a case that cannot be read fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use seawall::policy::circuit::{Admission, Call, Circuit, Closing, Ending, Traffic};
use seawall::policy::classify::{self, Health};
use seawall::policy::{
    Attempt, Conditions, Decision, Failure, Outcome, Progress, Refusal, Standing, decide,
    retry_after,
};
use seawall::{Delivery, Policy, Provider, StopReason};
use serde::Deserialize;

const EVERY_CASE: usize = 87;

/// What the names of the cases are to the transport.
fn named(failure: &str) -> Outcome<'static> {
    Outcome::Failure(match failure {
        "dns_failure" => Failure::Dns,
        "connect_timeout" => Failure::ConnectTimeout,
        "tls_handshake_reset" => Failure::Tls,
        "tls_certificate_invalid" => Failure::Certificate,
        "idle_conn_closed_before_write"
        | "h2_refused_stream"
        | "h2_refused_stream_repeated_3x"
        | "h2_goaway_above_last_stream_id" => Failure::Unsent,
        "response_header_timeout" => Failure::AttemptTimeout(Progress::MaybeSent),
        "deadline_exceeded" => Failure::Deadline(Progress::MaybeSent),
        "reset_after_request_written" => Failure::Reset,
        "h2_goaway_at_or_below_last_stream_id" | "connection_lost_without_goaway" => {
            Failure::Incomplete
        }
        "h2_rst_cancel" => Failure::Stream(0x8),
        "h2_rst_internal_error" => Failure::Stream(0x2),
        "invalid_header" => Failure::InvalidRequest,
        // A rejection on this side, before anything was sent.
        "local_pool_overflow" => return Outcome::Refused(Refusal::Pace),
        // The head had come, and with it the answer: what happens to the body is no new attempt.
        "response_decode_error" | "response_body_truncated_after_delivery" => {
            return Outcome::Response {
                status: StatusCode::OK,
                headers: no_headers(),
                retry_after: false,
                provider: nobody(),
            };
        }
        unknown => panic!("{unknown} is not in this table"),
    })
}

fn nobody() -> &'static Provider {
    static NOBODY: std::sync::OnceLock<Provider> = std::sync::OnceLock::new();
    NOBODY.get_or_init(Provider::none)
}

fn no_headers() -> &'static HeaderMap {
    static NONE: std::sync::OnceLock<HeaderMap> = std::sync::OnceLock::new();
    NONE.get_or_init(HeaderMap::new)
}

#[derive(Deserialize)]
struct Vectors {
    classification: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    kind: Kind,
    preset: String,
    method: String,
    /// The request carries a key that the provider honours.
    idempotency_key: bool,
    failure: Option<String>,
    status: Option<u16>,
    #[serde(default)]
    response_headers: BTreeMap<String, String>,
    expect: Expect,
    level: String,
    why: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(default = "first")]
    attempt: u32,
    #[serde(default = "yes")]
    body_replayable: bool,
    #[serde(default)]
    expect_same_key: bool,
    remaining_deadline_s: Option<u64>,
    defer_s: Option<Defer>,
    min_wait_s: Option<String>,
}

fn first() -> u32 {
    1
}

fn yes() -> bool {
    true
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Failure,
    Status,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Expect {
    Retry,
    RetryOnce,
    RetryNewConnection,
    RetryWhileAttemptsRemain,
    NoRetry,
    NoRetryOutcomeUnknown,
    DeferHostUntil,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Defer {
    Seconds(u64),
    Cap(String),
}

/// One case under one preset.
struct Run<'a> {
    case: &'a Case,
    policy: Policy,
    method: Method,
    headers: HeaderMap,
}

impl<'a> Run<'a> {
    fn of(case: &'a Case, preset: &Policy) -> Self {
        let provider = match case.preset.as_str() {
            "external:stripe" => Provider::stripe(),
            "external:adyen" => Provider::adyen(),
            _ if case.idempotency_key => Provider::generic(),
            _ => Provider::none(),
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &case.response_headers {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).expect("a header name"),
                HeaderValue::from_str(value).expect("a header value"),
            );
        }
        Self {
            case,
            policy: preset
                .to_builder()
                .provider(provider)
                .build()
                .expect("a valid policy"),
            method: Method::from_bytes(case.method.as_bytes()).expect("a method"),
            headers,
        }
    }

    /// What the server asked for, on a status where that is read.
    fn asked(&self) -> Option<Duration> {
        let status = StatusCode::from_u16(self.case.status?).expect("a status");
        let wall_now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_176_000);
        let asked = retry_after::parse(&self.headers, wall_now).delay()?;
        retry_after::is_read_on(status).then_some(asked)
    }

    fn outcome(&self) -> Outcome<'_> {
        match (&self.case.failure, self.case.status) {
            (Some(failure), None) if self.case.kind == Kind::Failure => named(failure),
            (None, Some(status)) if self.case.kind == Kind::Status => Outcome::Response {
                status: StatusCode::from_u16(status).expect("a status"),
                headers: &self.headers,
                retry_after: self.asked().is_some(),
                provider: self.policy.provider(),
            },
            _ => panic!("{}: neither a failure nor a status", self.case.id),
        }
    }

    fn attempt(&self) -> Attempt<'_> {
        let mut request = HeaderMap::new();
        if self.case.idempotency_key {
            let header = &self.policy.provider().key_header;
            request.insert(header, HeaderValue::from_static("order-1042"));
        }
        Attempt {
            outcome: self.outcome(),
            guarantee: self.policy.guarantee(&self.method, &request),
            replayable: self.case.body_replayable,
            number: self.case.attempt,
            repeated_once: false,
        }
    }

    fn decide(&self, attempt: &Attempt<'_>) -> Decision {
        let left = self.case.remaining_deadline_s.map(Duration::from_secs);
        let conditions = Conditions {
            max_attempts: self.policy.max_attempts(),
            backoff: self.policy.backoff().base(),
            server_wait: self.asked().unwrap_or_default(),
            time_left: left.or(Some(self.policy.deadline())),
            key_life_left: None,
            standing: Standing::Admitting,
        };
        decide(attempt, &conditions, || true)
    }

    fn delivery(&self) -> Delivery {
        let attempt = self.attempt();
        classify::delivery(&attempt.outcome, &self.method, attempt.guarantee)
    }

    fn is_met(&self) -> bool {
        let first = self.attempt();
        let decision = self.decide(&first);
        let retries = decision
            == Decision::Retry {
                after: self.wait_of_a_retry(),
            };
        let again = Attempt {
            number: first.number + 1,
            repeated_once: true,
            ..first
        };
        let last = Attempt {
            number: self.policy.max_attempts(),
            ..first
        };
        let ends = |attempt, reason| self.decide(attempt) == Decision::Stop(reason);
        match self.case.expect {
            Expect::Retry => retries && !ends(&again, StopReason::RepeatedOnce),
            Expect::RetryOnce => retries && ends(&again, StopReason::RepeatedOnce),
            // Nothing was sent, so whatever the next attempt takes, it is not that stream.
            Expect::RetryNewConnection => retries && self.delivery() == Delivery::NotSent,
            Expect::RetryWhileAttemptsRemain => {
                retries && ends(&last, StopReason::AttemptsExhausted)
            }
            Expect::NoRetry => matches!(decision, Decision::Stop(_)),
            Expect::NoRetryOutcomeUnknown => {
                matches!(decision, Decision::Stop(_)) && self.delivery() == Delivery::Unknown
            }
            Expect::DeferHostUntil => matches!(decision, Decision::Stop(_)) && self.gate_holds(),
        }
    }

    /// The backoff, also where the server's wait is zero or no time at all.
    fn wait_of_a_retry(&self) -> Duration {
        let backoff = self.policy.backoff().base();
        match self.case.min_wait_s.as_deref() {
            None => backoff.max(self.asked().unwrap_or_default()),
            Some("local_backoff") => backoff,
            Some(other) => panic!("{other} is no wait"),
        }
    }

    /// Whether the circuit, told of this answer, keeps the next call away for as long as asked.
    fn gate_holds(&self) -> bool {
        let asked = self.asked().expect("a deferral names its time");
        let cap = self.policy.circuit().gate_cap;
        let held = match &self.case.defer_s {
            Some(Defer::Seconds(seconds)) => Duration::from_secs(*seconds),
            Some(Defer::Cap(cap_by_name)) if cap_by_name == "cap" => cap,
            _ => panic!("{}: deferred until when?", self.case.id),
        };
        let start = start();
        let traffic = Traffic::new(start);
        let mut circuit = Circuit::new(self.policy.circuit().clone(), start);
        let call = Call::default();
        let Admission::Go(permit) = circuit.admit(start, &call, 0.0, &traffic) else {
            return false;
        };
        let limited = self.case.status == Some(429);
        let closing = if limited {
            Closing::RateKey(call.rate_key, asked)
        } else {
            Closing::Upstream(asked)
        };
        let ending = Ending {
            rate_limited: limited,
            closing: Some(closing),
            ..Ending::new(if limited {
                Health::Neutral
            } else {
                Health::Failure
            })
        };
        circuit.finish(start, permit, &ending, 0.0, &traffic);
        let last_moment = start + held.saturating_sub(Duration::from_millis(1));
        let mut waits_until = |now| match circuit.admit(now, &call, 0.0, &traffic) {
            Admission::Refuse { retry_at, .. } => Some(retry_at),
            Admission::Go(_) | Admission::Wait(_) => None,
        };
        waits_until(start).is_some_and(|retry_at| retry_at >= start + held)
            && waits_until(last_moment).is_some()
    }
}

/// Some moment.
#[expect(
    clippy::disallowed_methods,
    reason = "an arbitrary origin; nothing here depends on which"
)]
fn start() -> Instant {
    Instant::now()
}

fn presets(case: &Case) -> Vec<Policy> {
    match case.preset.as_str() {
        "internal" => vec![Policy::internal()],
        "external" => vec![
            Policy::external(),
            Policy::external_payments(Provider::none()),
        ],
        "external:stripe" | "external:adyen" => vec![
            Policy::external(),
            Policy::external_payments(Provider::none()),
        ],
        "both" => vec![
            Policy::internal(),
            Policy::external(),
            Policy::external_payments(Provider::none()),
        ],
        profile => panic!("{profile} is not a preset"),
    }
}

fn read() -> (String, Vec<Case>) {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/classification.json"
    );
    let text = fs::read_to_string(path).expect("the vectors are in the package");
    let vectors: Vectors = serde_json::from_str(&text).expect("the vectors are well formed");
    (text, vectors.classification)
}

#[test]
fn every_agreed_case_is_decided_as_agreed() {
    let (text, cases) = read();
    let mut failures = Vec::new();
    let mut run = 0;
    for case in &cases {
        for preset in presets(case) {
            let one = Run::of(case, &preset);
            assert!(!case.expect_same_key || case.idempotency_key);
            if !one.is_met() {
                let (attempt, Case { id, level, why, .. }) = (one.attempt(), case);
                failures.push(format!(
                    "{id} ({level}, {}, {why}): {:?}, {:?}",
                    preset.preset().as_str(),
                    one.decide(&attempt),
                    one.delivery()
                ));
            }
        }
        run += 1;
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    // Counted in the text, so that no case can be lost on its way through the types above.
    assert_eq!(text.matches("\"id\":").count(), EVERY_CASE);
    assert_eq!(run, EVERY_CASE);
}

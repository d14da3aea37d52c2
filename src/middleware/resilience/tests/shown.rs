//! What shows of a call: at the upstream, to the caller, to the observers, to an operator.

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Instant;

use http::Response;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tower_service::Service;

use super::*;
use crate::control::Snapshot;
use crate::event::{Event, Observer};
use crate::middleware::extensions::{FreshConnection, GateClosed};
use crate::{BoxError, Deadline, Error, Report, clock};

pub(super) type Read = UnsyncBoxBody<bytes::Bytes, BoxError>;

/// All that shows, in the order in which it does.
#[derive(Clone)]
pub(super) struct Journal {
    born: Instant,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Journal {
    pub(super) fn new() -> Self {
        Self {
            born: clock::now(),
            lines: Arc::default(),
        }
    }

    pub(super) fn note(&self, what: impl AsRef<str>) {
        let at = clock::now().saturating_duration_since(self.born);
        let line = format!("{at:?} {}", what.as_ref());
        self.lines.lock().unwrap().push(line);
    }

    pub(super) fn text(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// What the caller gets, read to its end.
    pub(super) async fn note_outcome(&self, outcome: Result<Response<Read>, Error>) -> Report {
        match outcome {
            Ok(response) => {
                let report = Report::in_extensions(&response).expect("a report").clone();
                let (head, body) = response.into_parts();
                let closed_gate = head.extensions.get::<GateClosed>().is_some();
                self.note(format!(
                    "answer {:?} {} {:?} closed_gate={closed_gate} {}",
                    head.version,
                    head.status,
                    head.headers,
                    self.report(&report)
                ));
                let body = body
                    .collect()
                    .await
                    .map(http_body_util::Collected::to_bytes);
                self.note(format!("body {body:?}"));
                report
            }
            Err(error) => {
                let report = error.report().clone();
                self.note(format!(
                    "error {error} {:?} {} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {}",
                    error.kind(),
                    error.code(),
                    error.delivery(),
                    error.retry_after(),
                    error.status(),
                    error.headers(),
                    error.failure(),
                    error.refusal(),
                    error.key_refusal(),
                    self.report(&report)
                ));
                report
            }
        }
    }

    /// Every field, its moments counted from the start.
    fn report(&self, report: &Report) -> String {
        let Report {
            upstream,
            attempts,
            elapsed,
            waited,
            stop_reason,
            delivery,
            idempotency_key,
            guarantee,
            key_expires,
            retry,
        } = report;
        let expires = key_expires.map(|at| at.saturating_duration_since(self.born));
        let retry = retry.map(|retry| retry.after);
        format!(
            "{upstream} {attempts} {elapsed:?} {waited:?} {stop_reason:?} {delivery:?} \
             {idempotency_key:?} {guarantee:?} {expires:?} {retry:?}"
        )
    }

    pub(super) fn note_snapshot(&self, of: &Snapshot) {
        let mut text = format!("{} {:?} {:?}", of.upstream, of.state, of.refusal);
        let gate = of.gate.as_ref().map(|gate| (&gate.header, gate.asked));
        write!(
            text,
            " {:?} {gate:?} {} {:?} {:?} {} {} {} {} {} {:?} {}",
            of.refused_for,
            of.rate_gates,
            of.pace,
            of.rate_limit,
            of.normal_rate,
            of.normal_is_learned,
            of.retries_left,
            of.waiting,
            of.consecutive_failures,
            of.median_success,
            of.intervention.is_some()
        )
        .unwrap();
        self.note(text);
    }
}

impl Observer for Journal {
    fn observe(&self, event: &Event<'_>) {
        self.note(format!("{event:?}"));
    }
}

/// An upstream that shows each request as it comes.
#[derive(Clone)]
pub(super) struct Witness {
    upstream: Script,
    journal: Journal,
}

impl Witness {
    pub(super) const fn new(upstream: Script, journal: Journal) -> Self {
        Self { upstream, journal }
    }
}

impl Service<Call> for Witness {
    type Response = Answer;
    type Error = BoxError;
    type Future = <Script as Service<Call>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.upstream.poll_ready(cx)
    }

    fn call(&mut self, request: Call) -> Self::Future {
        let (method, uri, version) = (request.method(), request.uri(), request.version());
        let (headers, body) = (request.headers(), request.body());
        let fresh = request.extensions().get::<FreshConnection>().is_some();
        // An attempt that goes express is not told of its deadline.
        let told = request.extensions().get::<Deadline>().is_some();
        let open = self.upstream.open_bodies();
        self.journal.note(format!(
            "sent {method} {uri} {version:?} {headers:?} {body:?} fresh={fresh} open={open}"
        ));
        if !told {
            EXPRESS.set(EXPRESS.get() + 1);
        }
        self.upstream.call(request)
    }
}

thread_local! {
    /// How many attempts went express.
    pub(super) static EXPRESS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

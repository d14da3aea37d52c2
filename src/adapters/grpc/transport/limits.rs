//! How long an attempt may take.

use std::time::{Duration, Instant};

use http::{HeaderValue, Request};

use crate::Deadline;
use crate::middleware::extensions::Attempt;
use crate::policy::grpc::{self, Timeout};
use crate::policy::{Failure, Progress};

/// What the header's rounding takes off a time of less than a day, and a little.
const ROUNDING: Duration = Duration::from_millis(2);

/// When an attempt must have ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    deadline: Option<Instant>,
    /// By the attempt timeout or the deadline, whichever is first.
    ends: Option<Instant>,
}

impl Limits {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let deadline = Deadline::of(request).map(Deadline::instant);
        let ends = request.extensions().get::<Attempt>();
        let ends = ends.map(|attempt| attempt.ends);
        Self {
            deadline,
            ends: deadline.into_iter().chain(ends).min(),
        }
    }

    /// The earlier of `at` and the end of the attempt.
    pub(super) fn within(&self, at: Instant) -> Instant {
        self.ends.map_or(at, |ends| ends.min(at))
    }

    /// Tells the server how long it has, unless the caller has told it less. `false`: no time is left.
    pub(super) fn tell<B>(&self, now: Instant, request: &mut Request<B>) -> bool {
        let Some(ends) = self.ends else {
            return true;
        };
        let left = ends.saturating_duration_since(now);
        if left.is_zero() {
            return false;
        }
        let told = grpc::timeout(request.headers());
        if told.is_none_or(|told| told > left) {
            let timeout = Timeout::of(left).to_string();
            let timeout = HeaderValue::try_from(timeout).expect("digits and a unit are a value");
            request.headers_mut().insert("grpc-timeout", timeout);
        }
        true
    }

    /// Time has run out below. Nobody knows what had been sent by then.
    pub(super) fn ran_out(&self, now: Instant, progress: Progress) -> Failure {
        let by_deadline = self.deadline.is_some_and(|at| at <= now + ROUNDING);
        if by_deadline {
            Failure::Deadline(progress)
        } else {
            Failure::AttemptTimeout(progress)
        }
    }
}

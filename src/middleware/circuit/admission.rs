//! A call before the circuit, and what it needs to know of itself once it was let through.

use std::sync::Arc;
use std::time::Instant;

use http::Method;

use super::admitted::Admitted;
use crate::middleware::admission::{Answer, Applicant};
use crate::policy::circuit::Permit;
use crate::upstream::{Held, Upstream};

/// A call that asks the circuit to be let through.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) applicant: Applicant,
    /// The attempt's number in its call.
    pub(super) number: u32,
    /// Refusals in a row that are an alarm.
    pub(super) alarm_after: u32,
    pub(super) method: Method,
    pub(super) honours_retry_after: bool,
    /// A throttle above listens, and has its token.
    pub(super) throttled: bool,
}

impl Candidate {
    /// Asks the circuit, or takes the token that was promised.
    pub(super) fn ask(&mut self) -> Answer<Admitted> {
        match self.applicant.ask(Upstream::admit) {
            Answer::Passed((now, permit)) => Answer::Passed(self.admitted(now, permit)),
            Answer::Wait(until, changed) => Answer::Wait(until, changed),
            Answer::Refused(error) => Answer::Refused(error),
        }
    }

    fn admitted(&self, now: Instant, permit: Permit) -> Admitted {
        let admitted = Admitted {
            upstream: Held::Counted(Arc::clone(&self.applicant.upstream)),
            permit: Some(permit),
            since: now,
            number: self.number,
            alarm_after: self.alarm_after,
            method: self.method.clone(),
            identity: self.applicant.identity.clone(),
            honours_retry_after: self.honours_retry_after,
            throttled: self.throttled,
        };
        admitted.tell_of_start();
        admitted
    }
}

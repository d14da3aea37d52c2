//! A call before the circuit, and an attempt that was let through, which gives back what it holds when
//! it is dropped.

use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Method, Request};

use crate::event::{AttemptEnd, Event, span};
use crate::middleware::admission::{Answer, Applicant};
use crate::middleware::extensions::{AttemptNumber, Identity, Resend, Throttled};
use crate::policy::circuit::{Ending, Permit};
use crate::upstream::Upstream;
use crate::{CredentialsLayer, Upstreams, clock};

/// A call that asks the circuit to be let through.
#[derive(Debug)]
pub(super) struct Candidate {
    applicant: Applicant,
    /// The attempt's number in its call.
    number: u32,
    /// Refusals in a row that are an alarm.
    alarm_after: u32,
    method: Method,
    honours_retry_after: bool,
    /// A throttle above listens, and has its token.
    throttled: bool,
}

impl Candidate {
    pub(super) fn of<B>(
        request: &mut Request<B>,
        upstreams: &Upstreams,
        credentials: &CredentialsLayer,
    ) -> Self {
        // Taken out: what the layers above say here concerns no circuit further down.
        let resend = request.extensions_mut().remove::<Resend>();
        let policy = upstreams.policy_of(request);
        let throttled = request.extensions_mut().remove::<Throttled>();
        let number = resend.as_ref().map_or(1, |resend| resend.number);
        let is_new = resend.is_none();
        let upstream = upstreams.find(request);
        let sources = credentials.sources();
        let mut applicant = Applicant::of(request, resend, upstream, upstreams, sources);
        let heeded = throttled.is_some_and(|throttled| applicant.heed(&throttled));
        // A throttle has seen it arrive.
        if is_new && !heeded {
            applicant.upstream.arrive(applicant.since, &applicant.call);
        }
        Self {
            applicant,
            number,
            alarm_after: credentials.alarms_after(),
            method: request.method().clone(),
            honours_retry_after: policy.honours_retry_after(),
            throttled: heeded,
        }
    }

    /// The quick way in, while nothing is wrong.
    pub(super) fn pass_untroubled(&mut self) -> Option<Admitted> {
        let Applicant {
            upstream,
            since,
            call,
            ..
        } = &self.applicant;
        let (now, permit) = (*since, upstream.admit_untroubled(*since, call)?);
        self.applicant.answered();
        Some(self.admitted(now, permit))
    }

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
            upstream: Arc::clone(&self.applicant.upstream),
            permit: Some(permit),
            since: now,
            number: self.number,
            alarm_after: self.alarm_after,
            method: self.method.clone(),
            identity: self.applicant.identity.clone(),
            honours_retry_after: self.honours_retry_after,
            throttled: self.throttled,
            took: None,
        };
        admitted.tell_of_start();
        admitted
    }
}

/// An attempt that was let through.
#[derive(Debug)]
pub(in crate::middleware) struct Admitted {
    pub(super) upstream: Arc<Upstream>,
    /// Taken when the attempt has ended; still there when it is dropped before.
    permit: Option<Permit>,
    since: Instant,
    /// The attempt's number in its call.
    number: u32,
    alarm_after: u32,
    method: Method,
    pub(in crate::middleware) identity: Identity,
    pub(super) honours_retry_after: bool,
    /// A throttle above listens.
    pub(super) throttled: bool,
    /// Until its head, if that is behind it.
    took: Option<Duration>,
}

impl Admitted {
    /// The first attempt of a call, let through by the quick way in, and told of. Who has made it is
    /// told when somebody wants to know.
    pub(in crate::middleware) fn under_way(
        (upstream, permit): (Arc<Upstream>, Permit),
        since: Instant,
        method: Method,
        alarm_after: u32,
        honours_retry_after: bool,
    ) -> Self {
        Self {
            upstream,
            permit: Some(permit),
            since,
            number: 1,
            alarm_after,
            method,
            identity: Identity::NOBODY,
            honours_retry_after,
            throttled: false,
            took: None,
        }
    }

    fn tell_of_start(&self) {
        self.upstream.tell(&Event::AttemptStarted {
            upstream: self.upstream.name(),
            number: self.number,
            method: &self.method,
        });
    }

    /// Leaves the attempt's number with the request, if somebody sees spans.
    pub(super) fn mark<B>(&self, mut request: Request<B>) -> Request<B> {
        if span::attempts_are_seen() {
            let number = AttemptNumber(self.number);
            request.extensions_mut().insert(number);
        }
        request
    }

    /// So much of its time says nothing of the upstream.
    pub(super) fn leave_out(&mut self, wait: Duration) {
        self.since += wait;
    }

    pub(super) fn is_probe(&self) -> bool {
        self.permit.is_some_and(|permit| permit.is_probe())
    }

    /// The attempt, whose head is there, for whoever will know how it ended. Nothing is left here.
    pub(super) fn hand_over(&mut self) -> Self {
        Self {
            upstream: Arc::clone(&self.upstream),
            permit: self.permit.take(),
            method: self.method.clone(),
            identity: mem::replace(&mut self.identity, Identity::NOBODY),
            took: Some(self.took(clock::now())),
            ..*self
        }
    }

    /// What follows a head is the stream's own time.
    fn took(&self, now: Instant) -> Duration {
        self.took
            .unwrap_or_else(|| now.saturating_duration_since(self.since))
    }

    /// Tells the circuit how the attempt ended, the time it took filled in; and the observers, whether
    /// it was sent.
    pub(super) fn finish(&mut self, ending: &Ending, sent: Option<AttemptEnd>) {
        let Some(permit) = self.permit.take() else {
            return;
        };
        let now = clock::now();
        let took = self.took(now);
        match sent {
            Some(end) => self.upstream.tell(&Event::AttemptFinished {
                upstream: self.upstream.name(),
                number: self.number,
                method: &self.method,
                took,
                end,
            }),
            None => self.tell_of_abandonment(took),
        }
        self.upstream
            .finish(now, permit, &Ending { took, ..*ending });
        if let Some(status) = sent.and_then(|end| end.status()) {
            self.upstream.authenticated(status, self.alarm_after);
        }
    }

    fn tell_of_abandonment(&self, took: Duration) {
        self.upstream.tell(&Event::AttemptAbandoned {
            upstream: self.upstream.name(),
            number: self.number,
            method: &self.method,
            took,
        });
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            let now = clock::now();
            self.tell_of_abandonment(now.saturating_duration_since(self.since));
            self.upstream.abandon(now, permit);
        }
    }
}

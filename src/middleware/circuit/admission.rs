//! A call before the circuit, and an attempt that was let through: both give back what they hold
//! when they are dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Method, Request};
use tokio::sync::futures::OwnedNotified;

use crate::config::Policy;
use crate::event::{AttemptEnd, Event, span};
use crate::middleware::Deadline;
use crate::middleware::extensions::{AttemptNumber, Identity, KeyPast, Resend, hash};
use crate::policy::budget::{Deposit, Grant};
use crate::policy::circuit::{Admission, Call, Ending, Permit, Wait};
use crate::policy::{PATIENCE, Priority, Refusal};
use crate::upstream::Upstream;
use crate::{CredentialsLayer, Error, Upstreams, clock};

/// A call that asks to be let through.
#[derive(Debug)]
pub(super) struct Applicant {
    upstream: Arc<Upstream>,
    call: Call,
    identity: Identity,
    since: Instant,
    /// It may wait until then.
    patience_ends: Instant,
    waiting: Option<Wait>,
    /// What was counted for it in the budget, until it has its answer.
    counted: Option<Counted>,
    /// The attempt's number in its call.
    number: u32,
    /// Refusals in a row that are an alarm.
    alarm_after: u32,
    method: Method,
    honours_retry_after: bool,
}

/// What the retry layer has counted for an attempt.
#[derive(Debug)]
enum Counted {
    First(Deposit),
    Retry(Grant),
}

/// What an applicant is told.
pub(super) enum Answer {
    Passed(Admitted),
    /// Ask again then, or when the circuit changes.
    Wait(Instant, OwnedNotified),
    Refused(Error),
}

impl Applicant {
    pub(super) fn of<B>(
        request: &mut Request<B>,
        upstreams: &Upstreams,
        credentials: &CredentialsLayer,
    ) -> Self {
        let now = clock::now();
        let upstream = upstreams.find(request);
        // Taken out: what the retry layer above says here concerns no circuit further down.
        let resend = request.extensions_mut().remove::<Resend>();
        let reservation = resend.as_ref().and_then(|resend| resend.reservation);
        let number = resend.as_ref().map_or(1, |resend| resend.number);
        let policy = upstreams.policy_of(request);
        let call = describe(request, &policy, reservation);
        if resend.is_none() {
            upstream.arrive(now, &call);
        }
        let counted = match resend {
            Some(resend) => resend.grant.map(Counted::Retry),
            None => upstreams.deposit_of(request).map(Counted::First),
        };
        let extensions = request.extensions();
        let patience_ends = now + PATIENCE;
        let deadline = extensions
            .get::<Deadline>()
            .map(|deadline| deadline.instant());
        // Nor is a key sent that the provider may have forgotten in the meantime.
        let key_expires = extensions.get::<KeyPast>().map(|past| past.expires);
        let patience_ends = [deadline, key_expires]
            .into_iter()
            .flatten()
            .fold(patience_ends, Instant::min);
        Self {
            upstream,
            call,
            identity: Identity::of(request, policy.provider(), credentials.sources()),
            since: now,
            patience_ends,
            waiting: None,
            counted,
            number,
            alarm_after: credentials.alarms_after(),
            method: request.method().clone(),
            honours_retry_after: policy.honours_retry_after(),
        }
    }

    /// The quick way in, while nothing is wrong.
    pub(super) fn pass_untroubled(&mut self) -> Option<Admitted> {
        let permit = self.upstream.admit_untroubled(self.since, &self.call)?;
        self.counted = None;
        Some(self.admitted(self.since, permit))
    }

    /// Asks the circuit, or takes the token that was promised.
    pub(super) fn ask(&mut self) -> Answer {
        let now = clock::now();
        if let Some(wait) = self.waiting
            && let Some(permit) = self.upstream.claim(now, &wait, &self.call)
        {
            self.answered();
            return Answer::Passed(self.admitted(now, permit));
        }
        // Listening begins before asking, so that no change in between goes unheard.
        let changed = self.upstream.changed();
        if let Some(wait) = self.waiting
            && self.upstream.still_promises(now, &wait)
        {
            // Woken by what does not concern it: its place in the row is kept.
            return Answer::Wait(wait.until, changed);
        }
        self.give_up(now);
        self.call.rate_key = self.identity.rate_key();
        self.call.patience = self.patience_ends.saturating_duration_since(now);
        match self.upstream.admit(now, &self.call) {
            Admission::Go(permit) => {
                self.answered();
                Answer::Passed(self.admitted(now, permit))
            }
            Admission::Wait(wait) => {
                self.start_waiting(wait);
                Answer::Wait(wait.until, changed)
            }
            Admission::Refuse { reason, retry_at } => {
                self.answered();
                let after = retry_at.saturating_duration_since(now);
                self.upstream.tell(&Event::CallRefused {
                    upstream: self.upstream.name(),
                    refusal: reason,
                    retry_after: after,
                });
                let error = Error::refused(reason, self.upstream.name(), after);
                Answer::Refused(match reason {
                    Refusal::Maintenance => error.because(self.upstream.maintenance_reason()),
                    _ => error,
                })
            }
        }
    }

    fn admitted(&self, now: Instant, permit: Permit) -> Admitted {
        self.upstream.tell(&Event::AttemptStarted {
            upstream: self.upstream.name(),
            number: self.number,
            method: &self.method,
        });
        Admitted {
            upstream: Arc::clone(&self.upstream),
            permit: Some(permit),
            since: now,
            number: self.number,
            alarm_after: self.alarm_after,
            method: self.method.clone(),
            identity: self.identity.clone(),
            honours_retry_after: self.honours_retry_after,
        }
    }

    fn start_waiting(&mut self, wait: Wait) {
        if !self.call.waiting {
            self.upstream.enter();
            self.call.waiting = true;
        }
        self.waiting = Some(wait);
    }

    fn give_up(&mut self, now: Instant) {
        if let Some(wait) = self.waiting.take() {
            self.upstream.give_up(now, &wait);
        }
    }

    /// From here on others see to what was counted.
    fn answered(&mut self) {
        self.counted = None;
        self.stop_waiting();
    }

    fn stop_waiting(&mut self) {
        self.waiting = None;
        if std::mem::take(&mut self.call.waiting) {
            self.upstream.leave();
        }
    }
}

impl Drop for Applicant {
    /// Dropped before it had its answer: it was never sent.
    fn drop(&mut self) {
        match self.counted.take() {
            Some(Counted::First(deposit)) => self.upstream.budget().undo(deposit),
            Some(Counted::Retry(grant)) => self.upstream.budget().give_back(grant),
            None => {}
        }
        if self.call.waiting {
            self.give_up(clock::now());
            self.stop_waiting();
        }
    }
}

fn describe<B>(request: &Request<B>, policy: &Policy, reservation: Option<u64>) -> Call {
    let (extensions, headers) = (request.extensions(), request.headers());
    let key = policy.provider().key_in(headers).and_then(Result::ok);
    let guarantee = policy.guarantee_with(request.method(), key.is_some());
    Call {
        key: key.as_ref().map(hash),
        priority: extensions.get::<Priority>().copied().unwrap_or_default(),
        repeatable: guarantee.allows_repeat(),
        // Hashed when it is asked for: a healthy call never is.
        rate_key: 0,
        reservation,
        patience: Duration::ZERO,
        waiting: false,
    }
}

/// An attempt that was let through.
#[derive(Debug)]
pub(super) struct Admitted {
    upstream: Arc<Upstream>,
    /// Taken when the attempt has ended; still there when it is dropped before.
    permit: Option<Permit>,
    since: Instant,
    /// The attempt's number in its call.
    number: u32,
    alarm_after: u32,
    method: Method,
    pub(super) identity: Identity,
    pub(super) honours_retry_after: bool,
}

impl Admitted {
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

    /// Tells the circuit how the attempt ended, the time it took filled in; and the observers, whether
    /// it was sent.
    pub(super) fn finish(&mut self, ending: &Ending, sent: Option<AttemptEnd>) {
        let Some(permit) = self.permit.take() else {
            return;
        };
        let now = clock::now();
        let took = now.saturating_duration_since(self.since);
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
        if let Some(AttemptEnd::Status(status)) = sent {
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

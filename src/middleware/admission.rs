//! A call that asks to be let through, for the layers that may keep it waiting: it waits in a row, in
//! a bounded number, and gives back what it holds when it is dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Request;
use tokio::sync::futures::OwnedNotified;

use super::Deadline;
use super::credentials::Sources;
use super::extensions::{Identity, KeyPast, Resend, Throttled, guarantee_of, hash};
use crate::config::Policy;
use crate::event::Event;
use crate::policy::budget::{Deposit, Grant};
use crate::policy::circuit::{Admission, Call, Permit, Wait};
use crate::policy::{PATIENCE, Priority, Refusal};
use crate::upstream::{TurnedAway, Upstream};
use crate::{Error, Upstreams, clock};

/// Which question a layer asks the upstream.
pub(super) type Question = fn(&Upstream, Instant, &Call) -> Admission;

/// A call that asks to be let through.
#[derive(Debug)]
pub(super) struct Applicant {
    pub(super) upstream: Arc<Upstream>,
    pub(super) call: Call,
    pub(super) identity: Identity,
    /// It may wait until then.
    pub(super) patience_ends: Instant,
    waiting: Option<Wait>,
    /// What was counted for it in the budget, until it has its answer.
    counted: Option<Counted>,
}

/// What the retry layer has counted for an attempt.
#[derive(Debug)]
enum Counted {
    First(Deposit),
    Retry(Grant),
}

/// What an applicant is told.
pub(super) enum Answer<T> {
    Passed(T),
    /// Ask again then, or when the circuit changes.
    Wait(Instant, OwnedNotified),
    Refused(Error),
}

impl Applicant {
    /// `resend` is what the retry layer has said of a retry.
    pub(super) fn of<B>(
        now: Instant,
        request: &Request<B>,
        resend: Option<Resend>,
        upstream: Arc<Upstream>,
        upstreams: &Upstreams,
        sources: &Sources,
    ) -> Self {
        let policy = upstreams.policy_of(request);
        let reservation = resend.as_ref().and_then(|resend| resend.reservation);
        let counted = match resend {
            Some(resend) => resend.grant.map(Counted::Retry),
            None => upstreams.deposit_of(request).map(Counted::First),
        };
        Self {
            upstream,
            call: describe(request, &policy, reservation),
            identity: Identity::of(request, policy.provider(), sources),
            patience_ends: patience_ends(request, now),
            waiting: None,
            counted,
        }
    }

    /// What a throttle of the same upstream has done for it already: a token that
    /// it has taken is not taken again, nor does its patience begin anew.
    pub(super) const fn heed(&mut self, throttled: &Throttled) {
        self.call.throttled = throttled.generation;
        self.patience_ends = throttled.patience_ends;
    }

    /// Whether an open circuit or a closed gate is in its way.
    pub(super) fn is_blocked(&mut self, now: Instant) -> bool {
        if self.upstream.is_untroubled(now) {
            return false;
        }
        self.identify();
        self.upstream.blocked(now, &self.call).is_some()
    }

    /// Asks, or takes the token that was promised.
    pub(super) fn ask(&mut self, question: Question) -> Answer<(Instant, Permit)> {
        let now = clock::now();
        if let Some(wait) = self.waiting
            && let Some(permit) = self.upstream.claim(now, &wait, &self.call)
        {
            self.answered();
            return Answer::Passed((now, permit));
        }
        // Listening begins before asking, so that no change in between goes unheard.
        let changed = self.upstream.changed();
        if let Some(wait) = self.waiting
            && self.upstream.still_promises(now, &wait, &self.call)
        {
            // Woken by what does not concern it: its place in the row is kept.
            return Answer::Wait(wait.until, changed);
        }
        self.give_up(now);
        self.identify();
        self.call.patience = self.patience_ends.saturating_duration_since(now);
        match question(&self.upstream, now, &self.call) {
            Admission::Go(permit) => {
                self.answered();
                Answer::Passed((now, permit))
            }
            Admission::Wait(wait) => {
                self.start_waiting();
                self.waiting = Some(wait);
                Answer::Wait(wait.until, changed)
            }
            Admission::Refuse { reason, retry_at } => {
                Answer::Refused(self.refused(now, reason, retry_at))
            }
        }
    }

    /// Its refusal, of which the observers are told.
    pub(super) fn refused(&mut self, now: Instant, by: Refusal, retry_at: Instant) -> Error {
        self.answered();
        let turned_away = TurnedAway {
            by,
            retry_at,
            because: match by {
                Refusal::Maintenance => self.upstream.maintenance_reason(),
                _ => None,
            },
        };
        refusal(&self.upstream, now, turned_away)
    }

    /// It takes one of the places of those who wait.
    pub(super) fn start_waiting(&mut self) {
        if !self.call.waiting {
            self.upstream.enter();
            self.call.waiting = true;
        }
    }

    /// From here on others see to what was counted.
    pub(super) fn answered(&mut self) {
        self.counted = None;
        self.stop_waiting();
    }

    /// Hashed when it is asked for: a healthy call never is.
    fn identify(&mut self) {
        self.call.rate_key = self.identity.rate_key();
    }

    fn give_up(&mut self, now: Instant) {
        if let Some(wait) = self.waiting.take() {
            self.upstream.give_up(now, &wait);
        }
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

/// The error of a call that was turned away, of which the observers are told.
pub(super) fn refusal(upstream: &Upstream, now: Instant, turned_away: TurnedAway) -> Error {
    let TurnedAway {
        by,
        retry_at,
        because,
    } = turned_away;
    let after = retry_at.saturating_duration_since(now);
    upstream.tell(&Event::CallRefused {
        upstream: upstream.name(),
        refusal: by,
        retry_after: after,
    });
    Error::refused(by, upstream.name(), after).because(because)
}

/// Five seconds, within its deadline. Nor is a key sent that the provider may have forgotten in the
/// meantime.
pub(super) fn patience_ends<B>(request: &Request<B>, now: Instant) -> Instant {
    let extensions = request.extensions();
    let deadline = Deadline::of(request).map(Deadline::instant);
    let key_expires = extensions.get::<KeyPast>().map(|past| past.expires);
    let bounds = [deadline, key_expires].into_iter().flatten();
    bounds.fold(now + PATIENCE, Instant::min)
}

/// A hash of the key that it carries, if the provider would know that again.
pub(super) fn key_of<B>(request: &Request<B>, policy: &Policy) -> Option<u64> {
    let key = policy.provider().key_in(request.headers())?;
    key.as_ref().ok().map(hash)
}

/// Who waits for it.
pub(super) fn priority_of<B>(request: &Request<B>) -> Priority {
    request.extensions().get().copied().unwrap_or_default()
}

fn describe<B>(request: &Request<B>, policy: &Policy, reservation: Option<u64>) -> Call {
    let key = key_of(request, policy);
    let guarantee = guarantee_of(request, policy, key.is_some());
    Call {
        key,
        priority: priority_of(request),
        repeatable: guarantee.allows_repeat(),
        reservation,
        patience: Duration::ZERO,
        ..Call::default()
    }
}

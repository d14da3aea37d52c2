//! A call before the throttle, and an attempt that it let through.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::{Request, Response};
use tokio::sync::futures::OwnedNotified;

use crate::middleware::admission::{Answer, Applicant};
use crate::middleware::credentials::Sources;
use crate::middleware::extensions::{GateClosed, Heard, Identity, Resend, Throttled};
use crate::middleware::verdict;
use crate::policy::circuit::{Closing, Ending, Permit};
use crate::policy::{Health, Priority, Refusal};
use crate::upstream::{Place, Upstream};
use crate::{Error, Upstreams, clock};

/// The place that a call waits for. Boxed: whoever waits has the time.
type NextPlace = Pin<Box<dyn Future<Output = Place> + Send>>;

/// A call that asks for a place and for a token of the rate, in this order: what waits for a place
/// holds no token that others could use.
pub(super) struct Candidate {
    applicant: Applicant,
    place: Option<Place>,
    /// Its turn among those who wait for a place.
    next_place: Option<NextPlace>,
    honours_retry_after: bool,
}

/// What a candidate is told.
pub(super) enum Next {
    Passed(Passed),
    /// Ask again then, or when its place is there, or when the circuit changes.
    Wait(Instant, OwnedNotified),
    Refused(Error),
}

impl Candidate {
    /// `None`: nothing limits its upstream.
    pub(super) fn of<B>(
        request: &Request<B>,
        upstreams: &Upstreams,
        sources: &Sources,
    ) -> Option<Self> {
        if !upstreams.may_be_limited() {
            return None;
        }
        let upstream = upstreams.find(request);
        if !upstream.limits_rate() && upstream.concurrency().is_none() {
            return None;
        }
        let resend = request.extensions().get::<Resend>().cloned();
        let policy = upstreams.policy_of(request);
        let is_new = resend.is_none();
        let now = clock::now();
        let mut applicant = Applicant::of(now, request, resend, upstream, upstreams, sources);
        applicant.call.unguarded = !upstreams.are_guarded();
        // Also if it is refused here.
        if is_new {
            applicant.upstream.arrive(now, &applicant.call);
        }
        Some(Self {
            applicant,
            place: None,
            next_place: None,
            honours_retry_after: policy.honours_retry_after(),
        })
    }

    pub(super) fn ask(&mut self) -> Next {
        loop {
            let now = clock::now();
            let wants_place =
                self.place.is_none() && self.applicant.upstream.concurrency().is_some();
            let is_blocked = wants_place && self.applicant.is_blocked(now);
            if is_blocked {
                // It comes back to the end of the row: others may not be blocked.
                self.next_place = None;
            } else if let Some(next) = self.ask_for_a_place(now) {
                return next;
            } else if !self.applicant.upstream.limits_rate() {
                self.applicant.answered();
                return Next::Passed(self.passed(now, None));
            }
            match self.applicant.ask(Upstream::throttle) {
                // What was in its way is gone in this moment.
                Answer::Passed(_) if is_blocked => {}
                Answer::Passed((now, permit)) => {
                    return Next::Passed(self.passed(now, Some(permit)));
                }
                Answer::Wait(until, changed) => return Next::Wait(until, changed),
                Answer::Refused(error) => return Next::Refused(error),
            }
        }
    }

    /// Ready when the place that it waits for is its own.
    pub(super) fn poll_place(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(next_place) = &mut self.next_place else {
            return Poll::Pending;
        };
        self.place = Some(ready!(next_place.as_mut().poll(cx)));
        self.next_place = None;
        Poll::Ready(())
    }

    /// `None`: it has one, or needs none.
    fn ask_for_a_place(&mut self, now: Instant) -> Option<Next> {
        if self.place.is_some() {
            return None;
        }
        let Applicant { upstream, call, .. } = &self.applicant;
        let Some(places) = upstream.concurrency() else {
            self.next_place = None;
            return None;
        };
        // Listening begins before asking, so that no change in between goes unheard.
        let changed = upstream.changed();
        if self.next_place.is_none() {
            self.place = places.try_take(call.priority);
            if self.place.is_some() {
                return None;
            }
        }
        let until = self.applicant.patience_ends;
        let may_wait = call.priority == Priority::Foreground && now < until;
        if may_wait && upstream.has_room(call) {
            // Woken by what does not concern it, it keeps its turn.
            self.next_place
                .get_or_insert_with(|| Box::pin(places.wait()));
            self.applicant.start_waiting();
            return Some(Next::Wait(until, changed));
        }
        let retry_at = upstream.retry_at(now, call);
        let error = self.applicant.refused(now, Refusal::Throttle, retry_at);
        Some(Next::Refused(error))
    }

    fn passed(&mut self, now: Instant, permit: Option<Permit>) -> Passed {
        Passed {
            upstream: Arc::clone(&self.applicant.upstream),
            identity: self.applicant.identity.clone(),
            permit,
            since: now,
            patience_ends: self.applicant.patience_ends,
            place: self.place.take(),
            honours_retry_after: self.honours_retry_after,
        }
    }
}

/// An attempt that was let through.
pub(super) struct Passed {
    upstream: Arc<Upstream>,
    identity: Identity,
    /// Of its token.
    permit: Option<Permit>,
    since: Instant,
    patience_ends: Instant,
    place: Option<Place>,
    honours_retry_after: bool,
}

impl Passed {
    /// Tells the circuit further down.
    pub(super) fn mark<B>(&self, request: &mut Request<B>) {
        request.extensions_mut().insert(Throttled {
            upstream: Arc::clone(&self.upstream),
            generation: self.permit.map(|permit| permit.generation()),
            patience_ends: self.patience_ends,
        });
    }

    /// Its place, for the body of this response. Where no circuit further down has heard of the
    /// response, the pace is told what it says of the rate.
    pub(super) fn answered<C>(self, response: &mut Response<C>) -> Option<Place> {
        let heard = response.extensions_mut().remove::<Heard>();
        let is_known = heard.is_some_and(|heard| Arc::ptr_eq(&heard.0, &self.upstream));
        if let Some(permit) = self.permit.filter(|_| !is_known) {
            self.tell(permit, response);
        }
        self.place
    }

    /// Only of the rate: failures, and the gate that a 503 closes, are for a circuit to know.
    fn tell<C>(&self, permit: Permit, response: &mut Response<C>) {
        let (upstream, now) = (&self.upstream, clock::now());
        let (_, status) = verdict::ended(response);
        let honours = self.honours_retry_after;
        let ending = verdict::of(response, status, upstream, &self.identity, honours, now);
        let limit = |closing: &Closing| matches!(closing, Closing::RateKey(..));
        let ending = Ending {
            health: match ending.health {
                Health::Failure => Health::Neutral,
                health => health,
            },
            took: now.saturating_duration_since(self.since),
            closing: ending.closing.filter(limit),
            ..ending
        };
        upstream.finish(now, permit, &ending);
        if ending.closing.is_some() {
            response.extensions_mut().insert(GateClosed);
        }
    }
}

//! An attempt that was let through, which gives back what it holds when it is dropped.

use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Method, Request, StatusCode};

use crate::clock;
use crate::event::{AttemptEnd, Event, span};
use crate::middleware::extensions::{AttemptNumber, Identity};
use crate::policy::circuit::{Ending, Permit};
use crate::upstream::{Held, Upstream};

/// An attempt that was let through.
#[derive(Debug)]
pub(in crate::middleware) struct Admitted {
    pub(super) upstream: Held,
    /// Taken when the attempt has ended; still there when it is dropped before.
    pub(super) permit: Option<Permit>,
    pub(super) since: Instant,
    /// The attempt's number in its call.
    pub(super) number: u32,
    pub(super) alarm_after: u32,
    pub(super) method: Method,
    pub(in crate::middleware) identity: Identity,
    pub(super) honours_retry_after: bool,
    /// A throttle above listens.
    pub(super) throttled: bool,
}

impl Admitted {
    /// An attempt of this number that was let through at once. Who has made it is told when somebody
    /// wants to know.
    pub(in crate::middleware) fn under_way(
        (upstream, permit): (Arc<Upstream>, Permit),
        (since, number): (Instant, u32),
        method: Method,
        alarm_after: u32,
        honours_retry_after: bool,
    ) -> Self {
        Self {
            upstream: Held::Counted(upstream),
            permit: Some(permit),
            since,
            number,
            alarm_after,
            method,
            identity: Identity::NOBODY,
            honours_retry_after,
            throttled: false,
        }
    }

    pub(in crate::middleware) fn tell_of_start(&self) {
        self.upstream.tell(&Event::AttemptStarted {
            upstream: self.upstream.name(),
            number: self.number,
            method: &self.method,
        });
    }

    /// Leaves the attempt's number with the request, if somebody sees spans.
    pub(super) fn mark<B>(&self, request: &mut Request<B>) {
        if span::attempts_are_seen() {
            let number = AttemptNumber(self.number);
            request.extensions_mut().insert(number);
        }
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
            upstream: self.upstream.clone(),
            permit: self.permit.take(),
            method: self.method.clone(),
            identity: mem::replace(&mut self.identity, Identity::NOBODY),
            ..*self
        }
    }

    pub(super) fn took(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// The quick way out: a success, of an upstream with which nothing is wrong. `false`, and nothing is
    /// told: there is more to it.
    pub(super) fn succeeded(&mut self, now: Instant, end: AttemptEnd, status: StatusCode) -> bool {
        let took = self.took(now);
        let is_routine = |permit: &mut Permit| self.upstream.is_routine(now, *permit, took);
        if self.permit.take_if(is_routine).is_none() {
            return false;
        }
        self.tell_of_end(took, end);
        self.upstream.succeeded(now, took);
        self.upstream.authenticated(status, self.alarm_after);
        true
    }

    /// Tells the circuit how the attempt ended; and the observers, whether it was sent.
    pub(super) fn finish(&mut self, now: Instant, ending: &Ending, sent: Option<AttemptEnd>) {
        let Some(permit) = self.permit.take() else {
            return;
        };
        match sent {
            Some(end) => self.tell_of_end(ending.took, end),
            None => self.tell_of_abandonment(ending.took),
        }
        self.upstream.finish(now, permit, ending);
        if let Some(status) = sent.and_then(|end| end.status()) {
            self.upstream.authenticated(status, self.alarm_after);
        }
    }

    fn tell_of_end(&self, took: Duration, end: AttemptEnd) {
        self.upstream.tell(&Event::AttemptFinished {
            upstream: self.upstream.name(),
            number: self.number,
            method: &self.method,
            took,
            end,
        });
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
            self.tell_of_abandonment(self.took(now));
            self.upstream.abandon(now, permit);
        }
    }
}

//! An attempt that went express, until it has ended.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Method, Response};

use super::route::Route;
use crate::clock;
use crate::event::{AttemptEnd, Event};
use crate::middleware::circuit::Admitted;
use crate::middleware::verdict;
use crate::policy::Health;
use crate::policy::circuit::{Ending, Permit};

/// An attempt that went express. Dropped before it has ended, it is told of as abandoned.
pub(super) struct UnderWay {
    pub(super) route: Arc<Route>,
    pub(super) since: Instant,
    pub(super) method: Method,
    /// Taken when it has ended.
    permit: Option<Permit>,
}

impl UnderWay {
    pub(super) fn begin(route: Arc<Route>, since: Instant, method: Method, permit: Permit) -> Self {
        route.upstream.tell(&Event::AttemptStarted {
            upstream: &route.name,
            number: 1,
            method: &method,
        });
        Self {
            route,
            since,
            method,
            permit: Some(permit),
        }
    }

    /// It has brought this success. How long it took.
    pub(super) fn succeeded<C>(&mut self, response: &Response<C>, end: AttemptEnd) -> Duration {
        let now = clock::now();
        let took = now.saturating_duration_since(self.since);
        let upstream = &self.route.upstream;
        upstream.tell(&Event::AttemptFinished {
            upstream: &self.route.name,
            number: 1,
            method: &self.method,
            took,
            end,
        });
        if let Some(permit) = self.permit.take() {
            let ending = Ending {
                took,
                // Somebody may have set a rate meanwhile.
                quota: verdict::quota(response, upstream, now),
                ..Ending::new(Health::Success)
            };
            upstream.finish(now, permit, &ending);
        }
        if let Some(status) = end.status() {
            upstream.authenticated(status, self.route.stack.credentials.alarms_after());
        }
        took
    }

    /// It has ended otherwise: it is the circuit's to tell of.
    pub(super) fn hand_over(&mut self) -> Option<Admitted> {
        let route = &self.route;
        Some(Admitted::under_way(
            (Arc::clone(&route.upstream), self.permit.take()?),
            (self.since, 1),
            self.method.clone(),
            route.stack.credentials.alarms_after(),
            route.policy.honours_retry_after(),
        ))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // Nothing is given back: a permit of an untroubled circuit is no probe.
        if self.permit.is_some() {
            let now = clock::now();
            self.route.upstream.tell(&Event::AttemptAbandoned {
                upstream: &self.route.name,
                number: 1,
                method: &self.method,
                took: now.saturating_duration_since(self.since),
            });
        }
    }
}

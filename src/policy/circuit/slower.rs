//! What a 429, or a quota that runs out, does to the pace. The circuit is untouched.

use std::time::{Duration, Instant};

use super::pace::Pace;
use super::{Circuit, Closing, Ending, Permit, State, Traffic};

/// The pace is lower than before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slowed {
    /// Calls per second admitted now.
    pub rate: f64,
    /// Why.
    pub because: SlowedBy,
}

/// What slowed the pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SlowedBy {
    /// The server answered 429.
    TooManyRequests,
    /// The server's `RateLimit` header says that a quota runs out.
    RateLimitHeader,
}

impl SlowedBy {
    /// The stable name, as it appears in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooManyRequests => "too_many_requests",
            Self::RateLimitHeader => "rate_limit_header",
        }
    }
}

impl Circuit {
    /// What an answer says of the rate. A Retry-After wins over a quota, which only slows.
    pub(super) fn slow(
        &mut self,
        now: Instant,
        permit: Permit,
        ending: &Ending,
        unit: f64,
        traffic: &Traffic,
    ) -> Option<Slowed> {
        let sent = now.checked_sub(ending.took).unwrap_or(now);
        let is_current = permit.generation == self.generation;
        let because = match (ending.closing, ending.quota) {
            (Some(Closing::RateKey(key, wait)), _) => {
                let closed = self.close_rate_gate(now, key, wait, unit);
                let slower = is_current && self.learn(now, sent, closed, traffic);
                slower.then_some(SlowedBy::TooManyRequests)
            }
            _ if !is_current => None,
            (Some(Closing::Upstream(_)), _) => None,
            (None, quota) => {
                let longest = self.settings.gate_cap;
                let pace = self.limiting_pace()?;
                let cut = ending.rate_limited && pace.slow_down(now, sent);
                let heeded = quota.is_some_and(|quota| pace.heed(now, quota, longest));
                let cut = cut.then_some(SlowedBy::TooManyRequests);
                heeded.then_some(SlowedBy::RateLimitHeader).or(cut)
            }
        };
        let rate = self.pace(now)?;
        because.map(|because| Slowed { rate, because })
    }

    /// When the gate of this credential ends, and whether it was open before.
    fn close_rate_gate(
        &mut self,
        now: Instant,
        key: u64,
        wait: Duration,
        unit: f64,
    ) -> (Instant, bool) {
        let wait = wait.min(self.settings.gate_cap);
        self.rate_gates.close(now, key, wait, unit)
    }

    /// Once for a closing: ten calls in flight that all met the limit are one lesson.
    fn learn(
        &mut self,
        now: Instant,
        sent: Instant,
        (reopens, was_open): (Instant, bool),
        traffic: &Traffic,
    ) -> bool {
        if let Some(pace) = self.limiting_pace() {
            let slower = was_open && pace.slow_down(now, sent);
            pace.hold_until(reopens);
            return slower;
        }
        let State::Closed(closed) = &mut self.state else {
            return false;
        };
        if was_open {
            let normal = traffic.normal(now);
            let ramp = self.settings.ramp;
            let mut pace = Pace::slowed(now, normal, traffic.median(), ramp);
            pace.hold_until(reopens);
            closed.pace = Some(pace);
        }
        was_open
    }
}

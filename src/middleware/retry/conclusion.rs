//! One attempt has ended: what follows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Response, StatusCode};

use super::asked::pushback;
use super::call::CallLog;
use super::spare::Spare;
use crate::body::Replay;
use crate::event::{AttemptEnd, Event};
use crate::middleware::extensions::GateClosed;
use crate::middleware::verdict;
use crate::policy::classify::{Outcome, Repeat, delivery, repeat};
use crate::policy::{
    Attempt, Conditions, Decision, Delivery, Failure, Guarantee, Standing, StopReason, decide,
};
use crate::{Error, Report, clock};

/// What follows an attempt.
pub(in crate::middleware) enum Conclusion<C> {
    /// The call ends with this.
    Return(Result<Response<C>, Error>),
    /// It is sent again at that time; the response is gone by then.
    Retry(Instant),
}

impl CallLog {
    /// Concludes an attempt, after which there is `spare` to send.
    pub(in crate::middleware) fn conclude<C, B: Replay>(
        &mut self,
        result: Result<Response<C>, Error>,
        spare: Spare<'_, B>,
    ) -> Conclusion<C> {
        match result {
            Ok(response) => self.conclude_response(response, spare),
            Err(error) => self.conclude_error(error, spare),
        }
    }

    fn conclude_response<C, B: Replay>(
        &mut self,
        mut response: Response<C>,
        spare: Spare<'_, B>,
    ) -> Conclusion<C> {
        let (end, status) = verdict::ended(&response);
        let stated = self.stated_wait(status, &response);
        let policy = Arc::clone(&self.policy);
        let outcome = Outcome::Response {
            status,
            headers: response.headers(),
            retry_after: stated.is_some(),
            provider: policy.provider(),
        };
        let delivery = delivery(&outcome, &self.method, self.guarantee);
        // An inner stack of these layers may have sent it before, and not know what came of that.
        let within = Report::in_extensions(&response).map(Report::delivery);
        let doubtful = within == Some(Delivery::Unknown) && delivery != Delivery::Done;
        self.attempted(if doubtful {
            Delivery::Unknown
        } else {
            delivery
        });
        let closed_gate = response.extensions().get::<GateClosed>().is_some()
            && self
                .upstream
                .blocked(clock::now(), &self.as_seen())
                .is_some();
        // The gate holds its wait already, jitter and cap included.
        let stated = stated.filter(|_| !closed_gate);
        let server_wait = self.server_wait(stated, pushback(end, &response));
        let decision = if doubtful && !self.guarantee.allows_repeat() {
            Err(StopReason::NotIdempotent)
        } else {
            self.decide(outcome, spare, server_wait, closed_gate)
        };
        self.tell(&decision, end);
        match decision {
            Ok(at) => {
                let (head, _) = response.into_parts();
                self.last_response = Some((head.status, head.headers));
                Conclusion::Retry(at)
            }
            Err(reason) => {
                let retry_after = self.retry_after(reason, server_wait);
                response
                    .extensions_mut()
                    .insert(self.report(reason, retry_after));
                Conclusion::Return(Ok(response))
            }
        }
    }

    fn conclude_error<C, B: Replay>(&mut self, error: Error, spare: Spare<'_, B>) -> Conclusion<C> {
        let Some(failure) = error.failure().filter(|_| error.report().attempts() > 0) else {
            return Conclusion::Return(Err(self.refused_here(error)));
        };
        // The error knows more than its failure, if it comes from another stack of these layers.
        let proves_too_much =
            error.delivery() == Delivery::Unknown && failure.delivery() == Delivery::NotSent;
        let failure = if proves_too_much {
            Failure::Other
        } else {
            failure
        };
        self.attempted(error.delivery());
        let decision = self.decide(Outcome::Failure(failure), spare, Duration::ZERO, false);
        self.tell(&decision, AttemptEnd::Failure(failure));
        match decision {
            Ok(at) => {
                // Of a response whose body was lost.
                self.last_response = error.into_last_response();
                Conclusion::Retry(at)
            }
            Err(reason) => {
                let retry_after = self.retry_after(reason, Duration::ZERO);
                let report = self.report(reason, retry_after);
                Conclusion::Return(Err(error.with_report(report, self.is_payment())))
            }
        }
    }

    /// The attempt was not sent: the call ends with that, and with the response of the attempt
    /// before, if a wait lies between.
    pub(super) fn refused_here(&mut self, error: Error) -> Error {
        if error.delivery() == Delivery::NotSent {
            self.refused();
        } else {
            self.attempted(error.delivery());
        }
        let reason = error.report().stop_reason();
        let retry_after = error
            .retry_after()
            .or_else(|| self.retry_after(reason, Duration::ZERO))
            .filter(|wait| self.is_within_key_life(*wait));
        let report = self.report(reason, retry_after);
        error
            .with_report(report, self.is_payment())
            .with_last_response(self.last_response.take())
    }

    /// When to send again, or why not to.
    fn decide<B: Replay>(
        &mut self,
        outcome: Outcome<'_>,
        spare: Spare<'_, B>,
        server_wait: Duration,
        closed_gate: bool,
    ) -> Result<Instant, StopReason> {
        // Most answers are final, and need nothing to be weighed.
        if let Repeat::Never(reason) = repeat(&outcome, self.guarantee) {
            return Err(reason);
        }
        let now = clock::now();
        let attempt = Attempt {
            outcome,
            guarantee: self.guarantee,
            replayable: spare.is_intact(),
            number: self.attempts,
            repeated_once: self.repeated_once,
        };
        let retry = self.attempts.saturating_sub(1);
        let conditions = Conditions {
            max_attempts: self.policy.max_attempts(),
            backoff: self
                .policy
                .backoff()
                .delay(retry, self.last_delay, self.unit()),
            server_wait,
            time_left: Some(self.time_left(now)),
            key_life_left: self.key_life_left(now),
            standing: self.standing(now, closed_gate),
        };
        let mut grant = None;
        let withdraw = || {
            grant = self.upstream.budget().withdraw(now);
            grant.is_some()
        };
        match decide(&attempt, &conditions, withdraw) {
            Decision::Retry { after } if spare.take_over() => {
                self.repeated_once |= is_worth_one_repeat(&outcome);
                if closed_gate {
                    self.reservation = self.upstream.reserve_probe();
                }
                self.will_retry(after, grant);
                Ok(clock::after(now, after))
            }
            // The connection has read on since the question above, and past the limit.
            Decision::Retry { .. } => {
                if let Some(grant) = grant {
                    self.upstream.budget().give_back(grant);
                }
                Err(StopReason::BodyNotReplayable)
            }
            Decision::Stop(reason) => Err(reason),
        }
    }

    /// Tells the observers what follows. An answer that is final needs no word.
    fn tell(&self, decision: &Result<Instant, StopReason>, because: AttemptEnd) {
        let upstream = &**self.upstream.name();
        match *decision {
            Ok(_) => self.upstream.tell(&Event::RetryScheduled {
                upstream,
                number: self.next_number(),
                after: self.last_delay,
                because,
            }),
            Err(StopReason::Answered) => {}
            Err(reason) => self.upstream.tell(&Event::RetryRefused {
                upstream,
                attempts: self.attempts,
                reason,
                because,
            }),
        }
    }

    fn standing(&self, now: Instant, by_this_call: bool) -> Standing {
        match self.upstream.blocked(now, &self.as_seen()) {
            Some((by, remaining)) => Standing::Blocked {
                by,
                remaining,
                by_this_call,
            },
            None => Standing::Admitting,
        }
    }

    /// When the same call may be made again; `None` where a repeat would not help, or could do harm.
    fn retry_after(&self, reason: StopReason, server_wait: Duration) -> Option<Duration> {
        let useful = !matches!(
            reason,
            StopReason::Answered
                | StopReason::Permanent
                | StopReason::Tunnel
                | StopReason::Committed
        );
        // The provider has said its last word, or may know the key no more.
        let is_over = matches!(reason, StopReason::Replayed | StopReason::KeyExpired);
        let repeatable = match (self.joined_delivery(), self.guarantee) {
            _ if is_over => false,
            (Delivery::Done, _) => false,
            // Sending the same key again is how such a doubt is settled, however the call ended.
            (Delivery::Unknown, Guarantee::Keyed) => true,
            (Delivery::Unknown, guarantee) => useful && guarantee.allows_repeat(),
            _ => useful,
        };
        if !repeatable {
            return None;
        }
        let now = clock::now();
        let own = match self.upstream.blocked(now, &self.as_seen()) {
            Some(_) => self
                .upstream
                .retry_at(now, &self.as_seen())
                .saturating_duration_since(now),
            None => self.policy.backoff().ceiling(self.unit()),
        };
        Some(own.max(server_wait)).filter(|wait| self.is_within_key_life(*wait))
    }

    /// Whether the provider still knows the key then.
    fn is_within_key_life(&self, wait: Duration) -> bool {
        let left = self.key_life_left(clock::now());
        left.is_none_or(|left| wait < left)
    }
}

fn is_worth_one_repeat(outcome: &Outcome<'_>) -> bool {
    let once = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::MISDIRECTED_REQUEST,
        StatusCode::TOO_EARLY,
    ];
    matches!(outcome, Outcome::Response { status, .. } if once.contains(status))
}

//! What the server asks for.

use std::time::Duration;

use http::{Response, StatusCode};

use super::call::CallLog;
use crate::clock;
use crate::event::{AttemptEnd, Event};
use crate::policy::grpc::{self, Pushback};
use crate::policy::retry_after::{self, RetryAfter};

impl CallLog {
    /// What a Retry-After asks for, on a status where that is read.
    pub(super) fn stated_wait<C>(
        &self,
        status: StatusCode,
        response: &Response<C>,
    ) -> Option<Duration> {
        if !retry_after::is_read_on(status) {
            return None;
        }
        let stated = retry_after::parse(response.headers(), clock::wall());
        if stated == RetryAfter::Invalid {
            let upstream = &**self.upstream.name();
            self.upstream.tell(&Event::RetryAfterIgnored { upstream });
        }
        stated.delay()
    }

    /// The longer of what the server asks for, with its jitter.
    pub(super) fn server_wait(
        &self,
        stated: Option<Duration>,
        pushback: Option<Duration>,
    ) -> Duration {
        let obeyed = stated.max(pushback);
        // A lying header costs as much here as at the gate, and no more.
        let most = self.policy.circuit().gate_cap;
        obeyed
            .filter(|_| self.policy.honours_retry_after())
            .map_or(Duration::ZERO, |wait| {
                retry_after::spread(wait.min(most), self.unit())
            })
    }
}

/// What gRPC asks of this one call. No gate holds it.
pub(super) fn pushback<C>(end: AttemptEnd, response: &Response<C>) -> Option<Duration> {
    let is_grpc = matches!(end, AttemptEnd::Grpc(_));
    let pushback = is_grpc.then(|| grpc::pushback(response.headers()));
    pushback.and_then(Pushback::wait)
}

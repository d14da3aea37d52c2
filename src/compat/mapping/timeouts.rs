//! How long.

use std::time::Duration;

use super::{Findings, Retries};
use crate::Policy;
use crate::compat::{Config, TimeoutCovers};
use crate::policy::circuit::LONGEST;

/// Delays that are added up one by one: any backoff has reached its cap by then, or is 30 days long.
const GROWING: u32 = 64;

const ALWAYS_BOTH: &str = "without a deadline a call holds its caller through every attempt and \
    every wait, and without an attempt timeout it waits without end for an answer that was lost with \
    its connection";

pub(super) struct Timeouts {
    pub(super) attempt: Duration,
    pub(super) call: Duration,
}

impl Timeouts {
    /// A break that leaves a probe the time to end.
    pub(super) fn longest_break(&self) -> Duration {
        self.attempt.saturating_mul(2).min(LONGEST)
    }
}

pub(super) fn map(
    config: &Config,
    preset: &Policy,
    retries: &Retries,
    findings: &mut Findings<'_>,
) -> Timeouts {
    let timeout = config.timeout;
    // A break is longer than an attempt, and has the same limit.
    if timeout >= LONGEST {
        let problem = format!("timeout is {timeout:?}");
        findings.refuse(&["timeout"], problem, "choose less than 30 days");
    }
    let (was, timeouts) = match config.timeout_covers {
        _ if timeout.is_zero() => {
            let timeouts = Timeouts {
                attempt: preset.attempt_timeout(),
                call: preset.deadline(),
            };
            ("no timeout at all".to_owned(), timeouts)
        }
        TimeoutCovers::Attempt => {
            let timeouts = Timeouts {
                attempt: timeout,
                call: longest_call(timeout, retries),
            };
            (format!("{timeout:?} for each attempt"), timeouts)
        }
        TimeoutCovers::Call => {
            let timeouts = Timeouts {
                attempt: timeout.min(preset.attempt_timeout()),
                call: timeout,
            };
            (format!("{timeout:?} for the call"), timeouts)
        }
    };
    let Timeouts { attempt, call } = &timeouts;
    let now = format!("{attempt:?} for each attempt, {call:?} for the call");
    findings.change("timeout", was, now, ALWAYS_BOTH);
    timeouts
}

/// The longest that the old client could take for the same attempts: all of them time out, and every
/// wait between them is as long as it gets.
fn longest_call(timeout: Duration, retries: &Retries) -> Duration {
    let backoff = retries.backoff;
    let waits = retries.max_attempts.saturating_sub(1);
    let growing = (0..waits.min(GROWING))
        .scan(Duration::ZERO, |previous, retry| {
            // The upper end of what chance may draw.
            *previous = backoff.delay(retry, *previous, 1.0);
            Some(*previous)
        })
        .fold(Duration::ZERO, Duration::saturating_add);
    let level = backoff.cap().saturating_mul(waits.saturating_sub(GROWING));
    timeout
        .saturating_mul(retries.max_attempts)
        .saturating_add(growing)
        .saturating_add(level)
        .min(LONGEST)
}

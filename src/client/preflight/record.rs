//! The steps taken so far, each with its time.

use std::time::{Duration, Instant};

use super::fault::Fault;
use super::{Outcome, PreflightReport, Step, StepReport};
use crate::clock;

/// What a step that did not fail leaves behind.
pub(super) struct Done<T> {
    pub(super) outcome: Outcome,
    pub(super) value: T,
}

impl<T> Done<T> {
    pub(super) fn passed(value: T, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            outcome: Outcome::Passed { detail },
            value,
        }
    }

    pub(super) fn skipped(value: T, why: impl Into<String>) -> Self {
        let why = why.into();
        Self {
            outcome: Outcome::Skipped { why },
            value,
        }
    }
}

/// The steps taken so far, in order.
#[derive(Default)]
pub(super) struct Record(Vec<StepReport>);

impl Record {
    /// Takes a step. `None`: it failed, and there is nothing to go on with.
    pub(super) async fn take<T>(
        &mut self,
        step: Step,
        limit: Duration,
        work: impl Future<Output = Result<Done<T>, Fault>>,
    ) -> Option<T> {
        let began = clock::now();
        let ended = tokio::time::timeout(limit, work).await;
        let ended = ended.unwrap_or_else(|_| Err(Fault::timed_out(limit)));
        let (outcome, value) = match ended {
            Ok(done) => (done.outcome, Some(done.value)),
            Err(Fault { problem, reason }) => {
                let fix = problem.fix();
                let failed = Outcome::Failed {
                    problem,
                    reason,
                    fix,
                };
                (failed, None)
            }
        };
        self.push(step, outcome, clock::now().saturating_duration_since(began));
        value
    }

    pub(super) fn skip(&mut self, step: Step, why: impl Into<String>) {
        let why = why.into();
        self.push(step, Outcome::Skipped { why }, Duration::ZERO);
    }

    /// The report. What was not taken comes after the step that failed.
    pub(super) fn close(mut self, url: String) -> PreflightReport {
        if let Some(last) = self.0.last().map(|last| last.step) {
            for step in Step::ALL.into_iter().filter(|step| *step > last) {
                self.skip(step, format!("the step {last} failed"));
            }
        }
        PreflightReport { url, steps: self.0 }
    }

    fn push(&mut self, step: Step, outcome: Outcome, took: Duration) {
        self.0.push(StepReport {
            step,
            outcome,
            took,
        });
    }
}

/// How long steps may take.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) per_step: Option<Duration>,
    /// Over DNS, TCP and TLS together.
    pub(super) connect: Duration,
    pub(super) request: Duration,
}

impl Limits {
    /// For the next step of a connection that was begun at `began`.
    pub(super) fn connecting(&self, began: Instant, now: Instant) -> Duration {
        let spent = now.saturating_duration_since(began);
        self.per_step
            .unwrap_or_else(|| self.connect.saturating_sub(spent))
    }

    pub(super) fn requesting(&self) -> Duration {
        self.per_step.unwrap_or(self.request)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::super::Problem;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_step_that_is_stuck_ends_with_its_limit_and_the_rest_is_skipped() {
        let mut record = Record::default();
        let passed = async { Ok(Done::passed((), "well")) };
        assert!(record.take(Step::Url, SECOND, passed).await.is_some());
        let stuck = record.take::<()>(Step::Dns, SECOND, pending());
        assert!(stuck.await.is_none());

        let report = record.close("https://gateway.test".to_owned());
        assert_eq!(report.steps().len(), Step::ALL.len());
        let [url, dns, later @ ..] = report.steps() else {
            unreachable!("there are six")
        };
        assert!(url.is_passed());
        assert_eq!(dns.problem(), Some(Problem::TimedOut));
        assert_eq!(dns.took(), SECOND);
        for step in later {
            let why = "the step dns failed".to_owned();
            assert_eq!(step.outcome(), &Outcome::Skipped { why });
        }
    }

    #[test]
    fn a_connection_has_one_limit_over_its_steps_unless_each_is_given_one() {
        let limits = |per_step| Limits {
            per_step,
            connect: 5 * SECOND,
            request: 30 * SECOND,
        };
        let began = clock::now();
        let left = |limits: Limits, spent| limits.connecting(began, began + spent);

        assert_eq!(left(limits(None), 2 * SECOND), 3 * SECOND);
        assert_eq!(left(limits(None), 9 * SECOND), Duration::ZERO);
        assert_eq!(limits(None).requesting(), 30 * SECOND);
        assert_eq!(left(limits(Some(SECOND)), 9 * SECOND), SECOND);
        assert_eq!(limits(Some(SECOND)).requesting(), SECOND);
    }
}

//! How the layers make an error, and what they add to it on its way out.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::{Cause, Error, Inner};
use crate::middleware::credentials::CredentialError;
use crate::policy::idempotency::{IdempotencyKey, KeyRefusal};
use crate::policy::{Delivery, Failure, Guarantee, Reason, Refusal, StopReason};
use crate::report::{Report, RetryAt};
use crate::{BoxError, clock};

impl Error {
    pub(crate) fn new(cause: Cause, stop_reason: StopReason, delivery: Delivery) -> Self {
        Self::about(Arc::default(), cause, stop_reason, delivery)
    }

    /// The same of this upstream.
    fn about(
        upstream: Arc<str>,
        cause: Cause,
        stop_reason: StopReason,
        delivery: Delivery,
    ) -> Self {
        let report = Report {
            upstream,
            attempts: 0,
            elapsed: Duration::ZERO,
            waited: Duration::ZERO,
            stop_reason,
            delivery,
            idempotency_key: None,
            guarantee: Guarantee::None,
            key_expires: None,
            retry: None,
        };
        Self(Box::new(Inner {
            cause,
            report,
            payments: false,
            last_response: None,
            source: None,
        }))
    }

    /// Something is wrong on this side, and nothing was sent.
    pub(crate) fn config(problem: impl Into<String>) -> Self {
        Self::new(
            Cause::Config(problem.into()),
            StopReason::Permanent,
            Delivery::NotSent,
        )
    }

    /// The request is not sent with this key. One that is too old was sent before, and may have been
    /// acted on.
    pub(crate) fn key_refused(
        refusal: KeyRefusal,
        key: Option<IdempotencyKey>,
        upstream: String,
    ) -> Self {
        let (reason, delivery) = match refusal {
            KeyRefusal::Expired => (StopReason::KeyExpired, Delivery::Unknown),
            _ => (StopReason::Permanent, Delivery::NotSent),
        };
        let mut error = Self::new(Cause::Key(refusal), reason, delivery);
        error.0.report.idempotency_key = key;
        error.0.report.upstream = upstream.into();
        error
    }

    pub(crate) fn transport(failure: Failure) -> Self {
        let reason = match failure {
            Failure::Deadline(_) => StopReason::DeadlineExceeded,
            _ => StopReason::Permanent,
        };
        let mut error = Self::new(Cause::Failure(failure), reason, failure.delivery());
        error.0.report.attempts = u32::from(failure != Failure::InvalidRequest);
        error
    }

    /// It ended before an attempt was made.
    pub(crate) fn unsent(failure: Failure) -> Self {
        let mut error = Self::transport(failure);
        error.0.report.attempts = 0;
        error
    }

    /// The inner service broke before it was given anything to send.
    pub(crate) fn before_sending(error: impl Into<BoxError>) -> Self {
        let mut error = Self::from_inner(error);
        error.0.report.attempts = 0;
        error.0.report.delivery = Delivery::NotSent;
        error
    }

    pub(crate) fn refused(refusal: Refusal, upstream: &Arc<str>, after: Duration) -> Self {
        let reason = StopReason::Refused(refusal);
        let cause = Cause::Refused(refusal);
        let mut error = Self::about(Arc::clone(upstream), cause, reason, Delivery::NotSent);
        error.0.report.retry = Some(RetryAt {
            wall: clock::wall_after(after),
            after,
        });
        error
    }

    /// The same error with the reason of the operator who keeps calls away.
    pub(crate) fn because(mut self, reason: Option<Reason>) -> Self {
        if let Some(reason) = reason {
            self.0.cause = Cause::Maintenance(reason);
        }
        self
    }

    /// There is no credential to send it with; another may be there after this time.
    pub(crate) fn no_credential(why: CredentialError, upstream: &str, after: Duration) -> Self {
        let cause = Cause::Credential(why);
        let mut error = Self::new(cause, StopReason::Permanent, Delivery::NotSent);
        error.0.report.upstream = upstream.into();
        error.0.report.retry = Some(RetryAt {
            wall: clock::wall_after(after),
            after,
        });
        error
    }

    /// The same error, but what went before it was sent, and rejected with this answer.
    pub(crate) fn after_rejection(mut self, answer: (StatusCode, HeaderMap)) -> Self {
        self.0.report.delivery = Delivery::Rejected;
        self.with_last_response(Some(answer))
    }

    /// The same error with the key of its call, if it does not name it yet.
    pub(crate) fn with_key(mut self, key: &IdempotencyKey) -> Self {
        let report = &mut self.0.report;
        report.idempotency_key.get_or_insert_with(|| key.clone());
        self
    }

    /// The same error with the codes of a payment.
    pub(crate) fn for_payments(mut self, payments: bool) -> Self {
        self.0.payments |= payments;
        self
    }

    /// The same error with more in its report.
    pub(crate) fn amend(mut self, amend: impl FnOnce(&mut Report)) -> Self {
        amend(&mut self.0.report);
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_report(mut self, report: Report, payments: bool) -> Self {
        self.0.report = report;
        self.0.payments = payments;
        self
    }

    pub(crate) fn with_last_response(mut self, response: Option<(StatusCode, HeaderMap)>) -> Self {
        self.0.last_response = response.or(self.0.last_response);
        self
    }

    pub(crate) fn into_last_response(self) -> Option<(StatusCode, HeaderMap)> {
        self.0.last_response
    }
}

//! Where an answer came from: what an error about it has to say.

use std::borrow::Cow;
use std::str::Utf8Error;

use http::{HeaderMap, Response as HttpResponse, StatusCode};

use crate::error::Cause;
use crate::middleware::throttle::ThrottledBody;
use crate::policy::{Delivery, Guarantee, StopReason};
use crate::report::RetryAt;
use crate::response_body::BodyError;
use crate::{BoxError, Error, Report, Upstreams, clock};

/// The call an answer came from.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) report: Report,
    upstreams: Upstreams,
}

impl Origin {
    /// Takes the report out of a response that came through the client's stack.
    pub(super) fn of<C>(
        response: &mut HttpResponse<ThrottledBody<C>>,
        upstreams: Upstreams,
    ) -> Self {
        let report = Report::take(response)
            .expect("the client's stack has a retry layer, which reports on every response");
        Self { report, upstreams }
    }

    /// A status that the caller asked to have turned into an error.
    pub(super) fn status(self, status: StatusCode, headers: HeaderMap) -> Error {
        let (reason, delivery) = (self.report.stop_reason(), self.report.delivery());
        Error::new(Cause::Status(status), reason, delivery)
            .with_report(self.report, self.upstreams.policy().is_for_payments())
            .with_last_response(Some((status, headers)))
    }

    pub(super) fn unread(&self, error: BodyError) -> Error {
        let helps = !error.is_oversized();
        self.committed(error.to_string(), error, helps)
    }

    pub(super) fn not_text(&self, error: Utf8Error) -> Error {
        self.committed("the response body is not UTF-8", error, true)
    }

    #[cfg(feature = "json")]
    pub(super) fn not_json(&self, error: &serde_json::Error) -> Error {
        let problem = "the response body is not the JSON that was asked for";
        self.committed(problem, super::not_json::NotJson::from(error), true)
    }

    /// The head has reached the caller, so the call is committed: it is an error, never a retry.
    ///
    /// Nor is it a failure of the call. The upstream answered, and what it did is in a body that
    /// was lost or is not understood: whoever reads "done" in an error may take it for "not paid".
    fn committed(
        &self,
        problem: impl Into<Cow<'static, str>>,
        source: impl Into<BoxError>,
        helps: bool,
    ) -> Error {
        let mut report = self.report.clone();
        report.stop_reason = StopReason::Committed;
        report.delivery = report.delivery.unread();
        if self.report.delivery == Delivery::Done {
            report.retry = self.retry_at(helps);
        }
        let cause = Cause::Body(problem.into());
        Error::new(cause, StopReason::Committed, report.delivery)
            .with_report(report, self.upstreams.policy().is_for_payments())
            .with_source(source)
    }

    /// Sending the same again is how the doubt is settled, where that does no harm. A body that would
    /// be too long again settles none, but with a key it was the right way to ask.
    fn retry_at(&self, helps: bool) -> Option<RetryAt> {
        let Report {
            guarantee,
            key_expires,
            ..
        } = self.report;
        let unit = self.upstreams.random().unit();
        let after = self.upstreams.policy().backoff().ceiling(unit);
        let at = clock::after(clock::now(), after);
        let in_time = key_expires.is_none_or(|expires| at < expires);
        let useful = match guarantee {
            Guarantee::Keyed => true,
            Guarantee::Idempotent => helps,
            _ => false,
        };
        (useful && in_time).then(|| RetryAt {
            wall: clock::wall_after(after),
            after,
        })
    }
}

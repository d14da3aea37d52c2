//! What happened to a call: carried by every response and every error.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::Response;

use crate::middleware::throttle::ThrottledBody;
use crate::policy::idempotency::IdempotencyKey;
use crate::policy::{Delivery, Guarantee, StopReason};

/// What happened to a call.
///
/// Every response that comes through a [`ResilienceLayer`](crate::ResilienceLayer) carries one, and
/// every [`Error`](crate::Error) has one.
///
/// That of a healthy call lies with the body, where it costs no allocation. Whoever makes another body
/// of it and wants the report to stay [moves it](Self::move_to_extensions) first; a layer around the stack
/// that reads the body, such as a [`CollectLayer`](crate::middleware::collect::CollectLayer), does not.
///
/// ```
/// use seawall::Report;
/// use seawall::middleware::throttle::ThrottledBody;
///
/// fn store<C>(response: &http::Response<ThrottledBody<C>>) {
///     if let Some(report) = Report::of(response) {
///         println!("{} attempts, {}: {}", report.attempts(), report.delivery(), report.stop_reason());
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Report {
    pub(crate) upstream: Arc<str>,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    pub(crate) waited: Duration,
    pub(crate) stop_reason: StopReason,
    pub(crate) delivery: Delivery,
    pub(crate) idempotency_key: Option<IdempotencyKey>,
    /// What makes a repeat harmless, if anything does.
    pub(crate) guarantee: Guarantee,
    /// When the provider may have forgotten the key, if the guarantee hangs on it.
    #[cfg_attr(
        not(feature = "client"),
        allow(dead_code, reason = "only the client reads bodies after the call")
    )]
    pub(crate) key_expires: Option<Instant>,
    pub(crate) retry: Option<RetryAt>,
}

/// When to come again: by the wall clock, for a database, and from the end of the call, for a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RetryAt {
    pub(crate) wall: SystemTime,
    pub(crate) after: Duration,
}

impl Report {
    /// The report of a response that came through a [`ResilienceLayer`](crate::ResilienceLayer).
    #[must_use]
    pub fn of<C>(response: &Response<ThrottledBody<C>>) -> Option<&Self> {
        let with_body = response.body().report();
        with_body.or_else(|| Self::in_extensions(response))
    }

    /// The report among a response's extensions: of one that came through a
    /// [`RetryLayer`](crate::RetryLayer) alone, or of one [that was moved there](Self::move_to_extensions).
    #[must_use]
    pub fn in_extensions<B>(response: &Response<B>) -> Option<&Self> {
        response.extensions().get()
    }

    /// Moves the report to the response's extensions, where it stays whatever becomes of the body.
    ///
    /// ```
    /// use seawall::Report;
    /// use seawall::middleware::throttle::ThrottledBody;
    ///
    /// fn pass_on<C>(mut response: http::Response<ThrottledBody<C>>) -> http::Response<C> {
    ///     Report::move_to_extensions(&mut response);
    ///     response.map(ThrottledBody::into_inner)
    /// }
    /// ```
    pub fn move_to_extensions<C>(response: &mut Response<ThrottledBody<C>>) {
        if let Some(report) = response.body_mut().take_report() {
            response.extensions_mut().insert(report);
        }
    }

    /// Takes the report out of the response.
    #[cfg_attr(
        not(any(feature = "client", feature = "tonic")),
        allow(dead_code, reason = "only callers that show it otherwise take it")
    )]
    pub(crate) fn take<C>(response: &mut Response<ThrottledBody<C>>) -> Option<Self> {
        let with_body = response.body_mut().take_report();
        with_body.or_else(|| response.extensions_mut().remove())
    }

    /// The upstream: scheme, host and port, and the caller's finer name. No path, no query.
    #[must_use]
    pub fn upstream(&self) -> &str {
        &self.upstream
    }

    /// Attempts that were sent, or may have been. Zero: the call was refused here.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// From the start of the call to its end.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Of that, the time spent waiting between attempts.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// Why the call ended where it did.
    #[must_use]
    pub fn stop_reason(&self) -> StopReason {
        self.stop_reason
    }

    /// What the server may have done, over all attempts.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// The idempotency key the call carried. Store it: sending the same key again is how an
    /// unknown outcome is settled.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&IdempotencyKey> {
        self.idempotency_key.as_ref()
    }

    /// When the same call may be made again, by the wall clock: for an outbox. `None` when a repeat
    /// would not help or could do harm.
    ///
    /// These moments are spread, so that a backlog comes back as a stream.
    #[must_use]
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.retry.map(|retry| retry.wall)
    }

    /// The same as a wait from the end of the call, for a timer: no step of the wall clock can
    /// shorten it.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry.map(|retry| retry.after)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.attempts == 1 { "" } else { "s" };
        write!(
            f,
            "{} attempt{plural} in {:?}, delivery {}, because {}",
            self.attempts, self.elapsed, self.delivery, self.stop_reason
        )
    }
}

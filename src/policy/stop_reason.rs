//! Every reason a request was not sent again.

use std::fmt;

use super::Refusal;

/// Why a call ended where it did: every reason a request was not sent again has a name here.
///
/// Listed in the order in which [`decide`](super::decide()) asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// The answer is final: there is nothing to repeat.
    Answered,
    /// The answer or error would be the same again: most 4xx, 501, an untrusted certificate.
    Permanent,
    /// The server said not to: `x-envoy-overloaded`, or a header of the provider's.
    ServerSaysNo,
    /// The provider has sent its stored answer to the first attempt, which never changes.
    Replayed,
    /// CONNECT is never repeated.
    Tunnel,
    /// This side refused to send.
    Refused(Refusal),
    /// The method is not idempotent and no honoured idempotency key makes a repeat harmless.
    NotIdempotent,
    /// The body was a stream, and is gone: past its limit, sent once by choice, or failed.
    BodyNotReplayable,
    /// This answer is worth one repeat in a call, and that was made: 408, 421, 425.
    RepeatedOnce,
    /// Every attempt the policy allows was made.
    AttemptsExhausted,
    /// The provider may have forgotten the idempotency key by then: a repeat could do it twice.
    KeyExpired,
    /// The wait before the next attempt would have outlasted the deadline, so there was no wait.
    DeadlineTooNear,
    /// The deadline has passed.
    DeadlineExceeded,
    /// The upstream's budget for retries is spent.
    BudgetExhausted,
    /// A body that had begun to reach the caller broke: a call is committed by its response head.
    Committed,
}

impl StopReason {
    /// The stable name, as it appears in reports and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Permanent => "permanent",
            Self::ServerSaysNo => "server_says_no",
            Self::Replayed => "replayed",
            Self::Tunnel => "tunnel",
            Self::Refused(refusal) => refusal.as_str(),
            Self::NotIdempotent => "not_idempotent",
            Self::BodyNotReplayable => "body_not_replayable",
            Self::RepeatedOnce => "repeated_once",
            Self::AttemptsExhausted => "attempts_exhausted",
            Self::KeyExpired => "key_expired",
            Self::DeadlineTooNear => "deadline_too_near",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::BudgetExhausted => "budget_exhausted",
            Self::Committed => "committed",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answered => "the answer is final",
            Self::Permanent => "a repeat would end the same way",
            Self::ServerSaysNo => "the server asked not to repeat it",
            Self::Replayed => "the provider has repeated its first answer, which never changes",
            Self::Tunnel => "CONNECT is never repeated",
            Self::Refused(refusal) => return refusal.fmt(f),
            Self::NotIdempotent => "the request is not idempotent and carries no honoured key",
            Self::BodyNotReplayable => {
                "the body is a stream that was not kept, so it cannot be sent again"
            }
            Self::RepeatedOnce => "this answer is worth one repeat, and it was made",
            Self::AttemptsExhausted => "every allowed attempt was made",
            Self::KeyExpired => "the provider may have forgotten the idempotency key",
            Self::DeadlineTooNear => "the wait would have outlasted the deadline",
            Self::DeadlineExceeded => "the deadline passed",
            Self::BudgetExhausted => "the retry budget of this upstream is spent",
            Self::Committed => "the response had begun to reach the caller",
        })
    }
}

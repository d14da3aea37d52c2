//! What the server may have done with a request.

use std::fmt;

/// What the server may have done with a request, as far as this side can know.
///
/// It answers the one question a payment needs answered before anything is sent again:
/// *could this have been charged?*
///
/// ```
/// use seawall::policy::Delivery;
///
/// // One attempt was cut off, the next was refused: the first may still have been charged.
/// assert_eq!(Delivery::Unknown.join(Delivery::NotSent), Delivery::Unknown);
/// // A final answer settles it.
/// assert_eq!(Delivery::Unknown.join(Delivery::Done), Delivery::Done);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// No byte of the request can have been acted on.
    NotSent,
    /// The server answered that it did not do it.
    Rejected,
    /// It may have been done: the answer was lost, or does not say.
    Unknown,
    /// The server answered. Answered is not paid: read the body.
    Done,
}

impl Delivery {
    /// The delivery of a call so far (`self`) once one more attempt has ended with `last`.
    ///
    /// A final [`Done`](Self::Done) wins; else any [`Unknown`](Self::Unknown) stays, whatever came
    /// later: a refusal of the second attempt says nothing about the first.
    #[must_use]
    pub const fn join(self, last: Self) -> Self {
        match (self, last) {
            (_, Self::Done) => Self::Done,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::NotSent, Self::NotSent) => Self::NotSent,
            _ => Self::Rejected,
        }
    }

    /// The delivery for a caller who could not read the answer: it broke off, or is not understood.
    ///
    /// Answered, but with what? "Paid" and "declined" are told apart by the body, so
    /// [`Done`](Self::Done) becomes [`Unknown`](Self::Unknown). A rejection is told by the status
    /// alone and stays.
    #[must_use]
    pub const fn unread(self) -> Self {
        match self {
            Self::Done => Self::Unknown,
            _ => self,
        }
    }

    /// The stable name, as it appears in reports and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
            Self::Done => "done",
        }
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Delivery::{self, Done, NotSent, Rejected, Unknown};

    fn joined(attempts: &[Delivery]) -> Delivery {
        attempts
            .iter()
            .copied()
            .reduce(Delivery::join)
            .expect("a call has an attempt")
    }

    #[test]
    fn a_final_done_wins_over_every_doubt() {
        assert_eq!(joined(&[Unknown, Rejected, NotSent, Done]), Done);
    }

    #[test]
    fn an_unknown_is_never_talked_away_by_what_comes_later() {
        assert_eq!(joined(&[Unknown, NotSent]), Unknown);
        assert_eq!(joined(&[Unknown, Rejected]), Unknown);
        assert_eq!(joined(&[NotSent, Unknown, Rejected, NotSent]), Unknown);
    }

    #[test]
    fn an_answer_that_was_not_read_leaves_only_a_done_in_doubt() {
        assert_eq!(Done.unread(), Unknown);
        for delivery in [NotSent, Rejected, Unknown] {
            assert_eq!(delivery.unread(), delivery);
        }
    }

    #[test]
    fn without_an_unknown_a_rejection_outranks_not_sent() {
        assert_eq!(joined(&[NotSent, Rejected]), Rejected);
        assert_eq!(joined(&[Rejected, NotSent]), Rejected);
        assert_eq!(joined(&[NotSent, NotSent]), NotSent);
    }
}

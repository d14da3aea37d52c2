//! What can go wrong with one request, and which of it does.

use std::collections::{BTreeMap, VecDeque};

/// What goes wrong with one request.
///
/// A fault that [commits](Self::commits) takes the payment and loses the answer: whoever sends that
/// payment again without its key is charged twice.
///
/// On HTTP/2 `ResetBeforeRead`, `ResetAfterRead`, `CommitThenDrop`, `HalfHead` and `Garbage` break
/// the connection, with every other request on it; the rest stay within their stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is reset with the request unread. Nothing is done.
    ResetBeforeRead,
    /// The request is read, then the connection is reset. Nothing is done, which the client cannot
    /// know.
    ResetAfterRead,
    /// The payment is taken, and the connection closed without an answer.
    CommitThenDrop,
    /// The payment is taken, and reset instead of answered: on HTTP/2 its stream, with
    /// `INTERNAL_ERROR`, on HTTP/1.1 the connection.
    CommitThenReset,
    /// The payment is taken, and a bare 503 says otherwise.
    CommitThen503,
    /// The payment is taken, and a 500 says otherwise.
    CommitThen500,
    /// The payment is taken, and the answer breaks off in its head.
    HalfHead,
    /// The payment is taken, and the answer breaks off in its body.
    TruncatedBody,
    /// No answer, until the client gives up. Nothing is done.
    Stall,
    /// Bytes that are no HTTP. Nothing is done.
    Garbage,
    /// 401. Nothing is done.
    Unauthorized,
    /// 500. Nothing is done.
    InternalError,
    /// 502. Nothing is done.
    BadGateway,
    /// 503 without a Retry-After. Nothing is done.
    Unavailable,
    /// 408. Nothing is done.
    Timeout408,
    /// 429 with `Retry-After: 0`. Nothing is done.
    TooManyRequests,
    /// The payment is taken and answered, and no further one on this connection: on HTTP/2 GOAWAY
    /// names its stream as the last one, and streams above it are thrown away unread. HTTP/1.1
    /// closes after the answer.
    GoAway,
    /// Nothing is done, and the client is told so: HTTP/2 answers `REFUSED_STREAM`. HTTP/1.1
    /// closes with the request unread.
    RefusedStream,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 18] = [
        Self::ResetBeforeRead,
        Self::ResetAfterRead,
        Self::CommitThenDrop,
        Self::CommitThenReset,
        Self::CommitThen503,
        Self::CommitThen500,
        Self::HalfHead,
        Self::TruncatedBody,
        Self::Stall,
        Self::Garbage,
        Self::Unauthorized,
        Self::InternalError,
        Self::BadGateway,
        Self::Unavailable,
        Self::Timeout408,
        Self::TooManyRequests,
        Self::GoAway,
        Self::RefusedStream,
    ];

    /// Whether the payment is taken.
    #[must_use]
    pub const fn commits(self) -> bool {
        matches!(
            self,
            Self::CommitThenDrop
                | Self::CommitThenReset
                | Self::CommitThen503
                | Self::CommitThen500
                | Self::HalfHead
                | Self::TruncatedBody
                | Self::GoAway
        )
    }
}

/// The faults that are to come: some by name, the rest by chance.
#[derive(Debug, Default)]
pub(super) struct Faults {
    queued: VecDeque<Fault>,
    chances: BTreeMap<Fault, f64>,
}

impl Faults {
    pub(super) fn queue(&mut self, fault: Fault) {
        self.queued.push_back(fault);
    }

    /// What is no number counts as zero.
    pub(super) fn set(&mut self, fault: Fault, probability: f64) {
        let chance = if probability.is_nan() {
            0.0
        } else {
            probability.clamp(0.0, 1.0)
        };
        self.chances.insert(fault, chance);
    }

    /// The fault of one request, by a draw from [0, 1). Chances that add up to more than 1 keep
    /// their proportions.
    pub(super) fn pick(&mut self, unit: f64) -> Option<Fault> {
        if let Some(fault) = self.queued.pop_front() {
            return Some(fault);
        }
        let total: f64 = self.chances.values().sum();
        let mut mark = unit * total.max(1.0);
        for (fault, chance) in &self.chances {
            if mark < *chance {
                return Some(*fault);
            }
            mark -= chance;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_fault_without_a_chance() {
        let mut faults = Faults::default();
        faults.set(Fault::Stall, 0.0);
        faults.set(Fault::Garbage, f64::NAN);
        faults.set(Fault::GoAway, -1.0);
        assert_eq!(faults.pick(0.0), None);
    }

    #[test]
    fn each_fault_has_its_share_of_the_draws() {
        let mut faults = Faults::default();
        faults.set(Fault::Stall, 0.25);
        faults.set(Fault::Garbage, 0.5);
        let picks: Vec<_> = [0.0, 0.24, 0.25, 0.74, 0.75]
            .map(|unit| faults.pick(unit))
            .into();
        let (stall, garbage) = (Some(Fault::Stall), Some(Fault::Garbage));
        assert_eq!(picks, [stall, stall, garbage, garbage, None]);
    }

    #[test]
    fn chances_above_one_in_all_keep_their_proportions() {
        let mut faults = Faults::default();
        faults.set(Fault::Stall, 1.0);
        faults.set(Fault::Garbage, 7.0);
        assert_eq!(faults.pick(0.49), Some(Fault::Stall));
        assert_eq!(faults.pick(0.5), Some(Fault::Garbage));
        assert_eq!(faults.pick(0.999), Some(Fault::Garbage));
    }

    #[test]
    fn queued_faults_go_first_and_in_order() {
        let mut faults = Faults::default();
        faults.set(Fault::Stall, 1.0);
        faults.queue(Fault::Garbage);
        faults.queue(Fault::GoAway);
        let picks = [(); 3].map(|()| faults.pick(0.5));
        let expected = [Fault::Garbage, Fault::GoAway, Fault::Stall].map(Some);
        assert_eq!(picks, expected);
    }

    #[test]
    fn all_of_them_are_listed_once() {
        let mut all = Fault::ALL.to_vec();
        all.dedup();
        assert!(all.is_sorted() && all.len() == 18);
    }
}

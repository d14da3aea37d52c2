//! What happens to one request: its fate when it arrives, and what follows from that once it is read.

use http::StatusCode;

use super::answer::Answer;
use super::fault::Fault;
use super::ledger::{Found, Verdict};
use super::weather::Refusal;

/// What is decided when a request arrives, before a byte of it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is carried out.
    Serve,
    /// It is turned away.
    Refuse(Refusal),
    /// It meets a fault.
    Meet(Fault),
}

/// What is done with the connection or the stream of a request that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Answer(Answer),
    /// And nothing after it on this connection.
    LastAnswer(Answer),
    /// Half of the answer's head, and the end.
    HalfHead(Answer),
    /// The answer with half of its body, and the end.
    HalfBody(Answer),
    /// Something that is no answer, and the end.
    Garbage,
    /// The end without an answer.
    Close,
    Reset,
    /// The same, of no more than the stream where there are streams.
    ResetStream,
    /// Nothing at all.
    Stall,
    /// Word that nothing was done.
    RefuseStream,
}

impl Fate {
    /// What follows. `carry_out` takes the payment, and is asked only where the fate is to take it.
    pub(super) fn act(self, carry_out: impl FnOnce() -> Answer) -> Act {
        match self {
            Self::Serve => Act::Answer(carry_out()),
            Self::Refuse(refusal) => Act::Answer(Answer::refused(refusal)),
            Self::Meet(fault) => meet(fault, carry_out),
        }
    }
}

fn meet(fault: Fault, carry_out: impl FnOnce() -> Answer) -> Act {
    let taken = fault.commits().then(carry_out);
    match (fault, taken) {
        (Fault::HalfHead, Some(answer)) => Act::HalfHead(answer),
        (Fault::TruncatedBody, Some(answer)) => Act::HalfBody(answer),
        (Fault::GoAway, Some(answer)) => Act::LastAnswer(answer),
        (Fault::CommitThen503 | Fault::Unavailable, _) => bare(StatusCode::SERVICE_UNAVAILABLE),
        (Fault::CommitThen500 | Fault::InternalError, _) => bare(StatusCode::INTERNAL_SERVER_ERROR),
        (Fault::BadGateway, _) => bare(StatusCode::BAD_GATEWAY),
        // RFC 9110 section 15.5.9: a server that has given up on a request closes.
        (Fault::Timeout408, _) => Act::LastAnswer(Answer::bare(StatusCode::REQUEST_TIMEOUT)),
        (Fault::Unauthorized, _) => Act::Answer(Answer::unauthorized()),
        (Fault::TooManyRequests, _) => Act::Answer(Answer::too_many_requests(0)),
        (Fault::Stall, _) => Act::Stall,
        (Fault::Garbage, _) => Act::Garbage,
        (Fault::RefusedStream, _) => Act::RefuseStream,
        (Fault::ResetBeforeRead | Fault::ResetAfterRead, _) => Act::Reset,
        (Fault::CommitThenReset, _) => Act::ResetStream,
        (Fault::CommitThenDrop, _) => Act::Close,
        // These commit, so there is an answer to lose.
        (Fault::HalfHead | Fault::TruncatedBody | Fault::GoAway, None) => Act::Close,
    }
}

fn bare(status: StatusCode) -> Act {
    Act::Answer(Answer::bare(status))
}

/// The answer to a payment.
pub(super) fn to_payment(verdict: Verdict) -> Answer {
    match verdict {
        Verdict::Charged(answer) | Verdict::Replayed(answer) => answer,
        Verdict::Conflict => Answer::bare(StatusCode::CONFLICT),
        Verdict::Mismatch => Answer::bare(StatusCode::UNPROCESSABLE_ENTITY),
    }
}

/// The answer to a question about a payment.
pub(super) fn to_question(found: Found) -> Answer {
    match found {
        Found::Answered(answer) => answer,
        Found::InProgress => Answer::bare(StatusCode::CONFLICT),
        Found::Nothing => Answer::unknown_key(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What follows, and whether the payment was taken.
    fn meet(fault: Fault) -> (Act, bool) {
        let mut taken = false;
        let act = Fate::Meet(fault).act(|| {
            taken = true;
            Answer::paid("ch_1", None)
        });
        (act, taken)
    }

    #[test]
    fn a_payment_is_taken_by_exactly_the_faults_that_commit() {
        for fault in Fault::ALL {
            assert_eq!(meet(fault).1, fault.commits(), "{fault:?}");
        }
    }

    #[test]
    fn only_the_last_answer_before_goaway_says_that_it_was_taken() {
        for fault in Fault::ALL {
            let paid = Answer::paid("ch_1", None);
            let told = matches!(meet(fault).0, Act::Answer(answer) | Act::LastAnswer(answer) if answer == paid);
            assert_eq!(told, fault == Fault::GoAway, "{fault:?}");
        }
    }

    #[test]
    fn who_is_turned_away_is_not_charged() {
        let refusal = Fate::Refuse(Refusal::QueueFull);
        let act = refusal.act(|| panic!("it is not carried out"));
        assert_eq!(act, bare(StatusCode::SERVICE_UNAVAILABLE));
    }

    #[test]
    fn each_fault_shows_as_itself() {
        let status = |fault| match meet(fault).0 {
            Act::Answer(answer) | Act::LastAnswer(answer) => answer.status.as_u16(),
            other => panic!("{other:?}"),
        };
        assert_eq!(status(Fault::CommitThen503), 503);
        assert_eq!(status(Fault::CommitThen500), 500);
        assert_eq!(status(Fault::Unavailable), 503);
        assert_eq!(status(Fault::InternalError), 500);
        assert_eq!(status(Fault::BadGateway), 502);
        assert_eq!(status(Fault::Timeout408), 408);
        assert_eq!(status(Fault::Unauthorized), 401);
        assert_eq!(status(Fault::TooManyRequests), 429);
        assert_eq!(status(Fault::GoAway), 200);

        assert_eq!(meet(Fault::CommitThenDrop).0, Act::Close);
        assert_eq!(meet(Fault::CommitThenReset).0, Act::ResetStream);
        assert_eq!(meet(Fault::ResetBeforeRead).0, Act::Reset);
        assert_eq!(meet(Fault::ResetAfterRead).0, Act::Reset);
        assert_eq!(meet(Fault::Stall).0, Act::Stall);
        assert_eq!(meet(Fault::Garbage).0, Act::Garbage);
        assert_eq!(meet(Fault::RefusedStream).0, Act::RefuseStream);
        assert!(matches!(meet(Fault::HalfHead).0, Act::HalfHead(_)));
        assert!(matches!(meet(Fault::TruncatedBody).0, Act::HalfBody(_)));
    }
}

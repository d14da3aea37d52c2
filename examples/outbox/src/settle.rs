//! From the end of a call to the payment's next state: the heart of an outbox, and nothing but
//! decisions. Time is an argument.
//!
//! One rule runs through it. **A doubt is settled only by the gateway's word on this key.** Once a
//! call may have charged, no refusal of a later call says anything about it: not a closed gate, not
//! a 429, not a 401.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use seawall::Delivery;

/// What the decisions are held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// How long the gateway knows a key again, by its documentation.
    pub(crate) key_life: Duration,
    /// The longest that one call can take, answer included.
    pub(crate) longest_call: Duration,
    /// The wait where seawall names no moment of its own.
    pub(crate) again: Duration,
}

/// How a call ended: what counts of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    /// Of the answer; `None` without one.
    pub(crate) status: Option<StatusCode>,
    pub(crate) word: Word,
    pub(crate) delivery: Delivery,
    pub(crate) retry_at: Option<SystemTime>,
}

/// What the body of an answer says of the payment. Answered is not paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Paid,
    Declined,
    /// The gateway itself knows no such key. A 404 alone does not say that: it may be a proxy's.
    NoSuchKey,
    /// Nothing that settles it: still under way, cut off, not the gateway's words.
    Silent,
}

/// How the gateway is to be called about a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Send the charge, with its key.
    Send,
    /// Ask what became of the key.
    Ask,
}

/// What becomes of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Paid,
    Declined,
    Pending { retry_at: SystemTime },
    Unknown { retry_at: SystemTime },
    Review,
}

impl Rules {
    /// Whether the gateway will know the key again for as long as one more call lasts. A clock that
    /// was set back makes a key look young, never a payment look lost.
    pub(crate) fn key_is_alive(&self, first_sent_at: SystemTime, now: SystemTime) -> bool {
        let age = now.duration_since(first_sent_at).unwrap_or_default();
        age + self.longest_call < self.key_life
    }

    /// Sending the same key again is the best way to ask, as it also charges if nothing was. Past
    /// the key's life it is the worst: the gateway would take it for a new payment.
    pub(crate) fn first_step(&self, first_sent_at: SystemTime, now: SystemTime) -> Step {
        if self.key_is_alive(first_sent_at, now) {
            Step::Send
        } else {
            Step::Ask
        }
    }

    /// The charge was sent, or was to be. `doubt`: an earlier call may have charged it. `None`: the
    /// call does not settle it; ask at once what became of the key.
    pub(crate) fn after_send(&self, doubt: bool, end: &End, now: SystemTime) -> Option<Next> {
        let retry_at = end.retry_at.unwrap_or(now + self.again);
        let next = match end.delivery {
            Delivery::Done => match end.word {
                Word::Paid => Next::Paid,
                Word::Declined => Next::Declined,
                Word::NoSuchKey | Word::Silent => Next::Unknown { retry_at },
            },
            // A key that was charged is answered from memory, so likely it was not. But the refusal
            // may come from a check that precedes the memory.
            _ if doubt && is_refused_for_good(end) => return None,
            _ if doubt => Next::Unknown { retry_at },
            Delivery::Rejected if is_refused_for_good(end) => Next::Declined,
            Delivery::NotSent | Delivery::Rejected => Next::Pending { retry_at },
            // Whatever seawall may tell apart one day: in doubt, doubt.
            _ => Next::Unknown { retry_at },
        };
        Some(next)
    }

    /// The gateway was asked what became of the key. `key_alive`: it still remembers it, if it ever
    /// knew it.
    pub(crate) fn after_ask(&self, key_alive: bool, end: &End, now: SystemTime) -> Next {
        let retry_at = end.retry_at.unwrap_or(now + self.again);
        match end.word {
            Word::Paid => Next::Paid,
            Word::Declined => Next::Declined,
            // It would remember. And it has refused the charge, or nobody would have asked.
            Word::NoSuchKey if key_alive => Next::Declined,
            // Never charged, or charged and forgotten: the answer is the same. To send again might
            // charge twice, to give up might keep the money for nothing. A person compares it with
            // the gateway's settlement report.
            Word::NoSuchKey => Next::Review,
            Word::Silent => Next::Unknown { retry_at },
        }
    }
}

/// The gateway refused this payment, and a repeat would not help.
///
/// 401 and 403 do not count, nor does a request that could not leave this house: it is us who were
/// refused, not the customer. That is mended here, and the payment waits for it.
fn is_refused_for_good(end: &End) -> bool {
    let passes = [401, 403, 408, 409, 421, 425, 429];
    end.status
        .is_some_and(|status| status.is_client_error() && !passes.contains(&status.as_u16()))
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;

//! What the gateway has charged, and what it answered to which key.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::answer::Answer;

/// A payment that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Charge {
    /// Its number: `ch_1`, `ch_2`, …
    pub id: String,
    /// The idempotency key that came with it.
    pub key: Option<String>,
    /// The path it was sent to.
    pub path: String,
    /// The request's body.
    pub body: Bytes,
}

/// Every charge, in order, and the keys that are remembered.
#[derive(Debug)]
pub(super) struct Ledger {
    charges: Vec<Charge>,
    known: HashMap<String, Known>,
    key_life: Duration,
}

/// A key that was charged.
#[derive(Debug)]
struct Known {
    /// Which of the charges.
    charge: usize,
    answer: Answer,
    charged_at: Instant,
    /// It is being carried out until then.
    done_at: Instant,
}

/// What came of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Charged(Answer),
    /// The key and the payment are known, and this was the answer.
    Replayed(Answer),
    /// The first payment with this key is still being carried out.
    Conflict,
    /// The key is another payment's.
    Mismatch,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Answered(Answer),
    InProgress,
    Nothing,
}

impl Ledger {
    pub(super) fn new(key_life: Duration) -> Self {
        Self {
            charges: Vec::new(),
            known: HashMap::new(),
            key_life,
        }
    }

    /// Takes a payment, once for each key, and without a key each time. It is charged `now` and
    /// carried out until `done_at`: a client that does not wait for the end was charged all the same.
    pub(super) fn pay(
        &mut self,
        now: Instant,
        done_at: Instant,
        key: Option<&str>,
        path: &str,
        body: &Bytes,
    ) -> Verdict {
        if let Some(known) = key.and_then(|key| self.remembered(now, key)) {
            let charge = &self.charges[known.charge];
            return if charge.path != path || charge.body != body {
                Verdict::Mismatch
            } else if now < known.done_at {
                Verdict::Conflict
            } else {
                Verdict::Replayed(known.answer.clone().replayed())
            };
        }
        let id = format!("ch_{}", self.charges.len() + 1);
        let answer = Answer::paid(&id, key);
        if let Some(key) = key {
            let known = Known {
                charge: self.charges.len(),
                answer: answer.clone(),
                charged_at: now,
                done_at,
            };
            self.known.insert(key.into(), known);
        }
        self.charges.push(Charge {
            id,
            key: key.map(Into::into),
            path: path.into(),
            body: body.clone(),
        });
        Verdict::Charged(answer)
    }

    pub(super) fn find(&self, now: Instant, key: &str) -> Found {
        match self.remembered(now, key) {
            Some(known) if now < known.done_at => Found::InProgress,
            Some(known) => Found::Answered(known.answer.clone()),
            None => Found::Nothing,
        }
    }

    pub(super) fn charges(&self) -> &[Charge] {
        &self.charges
    }

    fn remembered(&self, now: Instant, key: &str) -> Option<&Known> {
        let fresh = |known: &&Known| now.duration_since(known.charged_at) < self.key_life;
        self.known.get(key).filter(fresh)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::policy::test_clock::start;

    static NOW: LazyLock<Instant> = LazyLock::new(start);

    const HOUR: Duration = Duration::from_secs(3_600);
    const BODY: Bytes = Bytes::from_static(b"{}");

    fn pay(ledger: &mut Ledger, key: Option<&str>) -> Verdict {
        ledger.pay(*NOW, *NOW, key, "/payments", &BODY)
    }

    fn charged(id: &str, key: Option<&str>) -> Verdict {
        Verdict::Charged(Answer::paid(id, key))
    }

    #[test]
    fn without_a_key_each_request_is_a_charge() {
        let mut ledger = Ledger::new(HOUR);
        assert_eq!(pay(&mut ledger, None), charged("ch_1", None));
        assert_eq!(pay(&mut ledger, None), charged("ch_2", None));
        assert_eq!(ledger.charges().len(), 2);
    }

    #[test]
    fn a_key_is_charged_once_and_answered_the_same_again() {
        let mut ledger = Ledger::new(HOUR);
        let answer = Answer::paid("ch_1", Some("a"));
        assert_eq!(
            pay(&mut ledger, Some("a")),
            Verdict::Charged(answer.clone())
        );
        for _ in 0..2 {
            let replayed = Verdict::Replayed(answer.clone().replayed());
            assert_eq!(pay(&mut ledger, Some("a")), replayed);
        }
        assert_eq!(pay(&mut ledger, Some("b")), charged("ch_2", Some("b")));
        assert_eq!(ledger.charges().len(), 2);
    }

    #[test]
    fn a_key_belongs_to_its_payment() {
        let mut ledger = Ledger::new(HOUR);
        pay(&mut ledger, Some("a"));
        let other_body = Bytes::from_static(b"[]");
        let verdict = ledger.pay(*NOW, *NOW, Some("a"), "/payments", &other_body);
        assert_eq!(verdict, Verdict::Mismatch);
        let verdict = ledger.pay(*NOW, *NOW, Some("a"), "/refunds", &BODY);
        assert_eq!(verdict, Verdict::Mismatch);
        assert_eq!(ledger.charges().len(), 1);
    }

    #[test]
    fn the_same_payment_is_in_conflict_until_it_is_carried_out() {
        let mut ledger = Ledger::new(HOUR);
        let done_at = *NOW + Duration::from_secs(1);
        ledger.pay(*NOW, done_at, Some("a"), "/payments", &BODY);
        assert_eq!(pay(&mut ledger, Some("a")), Verdict::Conflict);
        assert_eq!(ledger.find(*NOW, "a"), Found::InProgress);

        let verdict = ledger.pay(done_at, done_at, Some("a"), "/payments", &BODY);
        assert!(matches!(verdict, Verdict::Replayed(_)));
        assert_eq!(ledger.charges().len(), 1);
    }

    #[test]
    fn a_key_is_forgotten_at_the_end_of_its_life_and_charged_again() {
        let mut ledger = Ledger::new(HOUR);
        pay(&mut ledger, Some("a"));
        let last_second = *NOW + Duration::from_secs(3_599);
        assert!(matches!(ledger.find(last_second, "a"), Found::Answered(_)));

        let end = *NOW + HOUR;
        assert_eq!(ledger.find(end, "a"), Found::Nothing);
        let verdict = ledger.pay(end, end, Some("a"), "/payments", &BODY);
        assert_eq!(verdict, charged("ch_2", Some("a")));
    }

    #[test]
    fn a_key_that_never_came_is_unknown() {
        let mut ledger = Ledger::new(HOUR);
        pay(&mut ledger, None);
        assert_eq!(ledger.find(*NOW, "a"), Found::Nothing);
        pay(&mut ledger, Some("a"));
        let answer = Answer::paid("ch_2", Some("a"));
        assert_eq!(ledger.find(*NOW, "a"), Found::Answered(answer));
    }
}

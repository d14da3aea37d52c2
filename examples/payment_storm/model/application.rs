//! The applications above the clients: what they do with a payment that failed.

use crate::model::client::{Answer, Call, Client};
use crate::model::clock::Clock;
use crate::model::record::{End, PaymentRecord, lock};
use seawall::policy::Delivery;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Tries after which it gives a payment up, as in the incident.
const TRIES: u32 = 10;
/// An outbox that is told to come back at once would spin in place without virtual time passing.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// What happens to a payment whose call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Application {
    /// It is called again after a pause, ten tries in all (a client says what it counts as one: see
    /// [`Answer::Failed`]), then given up.
    Requeue { pause: Duration },
    /// It waits in an outbox until the error's `retry_at`, and is tried in the background until paid.
    Outbox,
}

/// Where applications write down what becomes of their payments.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    clock: Clock,
    payments: Arc<Mutex<Vec<PaymentRecord>>>,
}

impl Desk {
    pub(crate) fn new(clock: Clock, payments: Vec<PaymentRecord>) -> Self {
        Self {
            clock,
            payments: Arc::new(Mutex::new(payments)),
        }
    }

    /// How many payments were paid, and how many have arrived and are not.
    pub(crate) fn tally(&self) -> Tally {
        let now = self.clock.now();
        let payments = lock(&self.payments);
        let paid = payments
            .iter()
            .filter(|payment| payment.paid_at().is_some());
        let open = payments.iter().filter(|payment| payment.is_open_at(now));
        Tally {
            paid: paid.count(),
            open: open.count(),
        }
    }

    pub(crate) fn take_records(&self) -> Vec<PaymentRecord> {
        std::mem::take(&mut lock(&self.payments))
    }

    fn update(&self, payment: usize, change: impl FnOnce(&mut PaymentRecord)) {
        if let Some(record) = lock(&self.payments).get_mut(payment) {
            change(record);
        }
    }
}

/// What has become of the payments so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) paid: usize,
    /// Arrived, and neither paid nor reported.
    pub(crate) open: usize,
}

/// Sees one payment through, from its arrival until it is paid or reported.
pub(crate) async fn settle<C: Client>(
    payment: usize,
    client: Arc<C>,
    application: Application,
    desk: Desk,
) {
    let mut tries = 0;
    let mut delivery = None;
    let mut background = false;
    loop {
        let now = desk.clock.now();
        desk.update(payment, |record| {
            record.calls += 1;
            record.due = now;
        });
        let call = Call {
            payment,
            tries_left: TRIES.saturating_sub(tries),
            background,
        };
        let answer = client.pay(call).await;
        let now = desk.clock.now();
        let next = match answer {
            Answer::Paid => Err(End::Paid),
            Answer::Failed {
                tries: used,
                delivery: last,
                retry_after,
            } => {
                tries += used.max(1);
                // One call may have charged, whatever the later ones say.
                let known = delivery.map_or(last, |known: Delivery| known.join(last));
                delivery = Some(known);
                background = application == Application::Outbox;
                application
                    .next(now, tries, retry_after)
                    .ok_or(match known {
                        Delivery::Unknown => End::Unknown,
                        _ => End::GaveUp,
                    })
            }
        };
        match next {
            Ok(due) => {
                desk.update(payment, |record| record.due = due);
                desk.clock.sleep_until(due).await;
            }
            Err(end) => return desk.update(payment, |record| record.end = Some((now, end))),
        }
    }
}

impl Application {
    /// When to call again after a failure; `None` to give up.
    fn next(self, now: Duration, tries: u32, retry_after: Option<Duration>) -> Option<Duration> {
        match self {
            Self::Requeue { pause } => (tries < TRIES).then_some(now + pause),
            // An error without a `retry_at` says that trying again cannot help.
            Self::Outbox => retry_after.map(|wait| now.saturating_add(wait.max(SHORTEST_WAIT))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Application, Desk, settle};
    use crate::model::client::{Answer, Call, Client};
    use crate::model::clock::Clock;
    use crate::model::record::{End, PaymentRecord, lock};
    use seawall::policy::Delivery;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    /// Answers from a list, then `Paid`; remembers when and how it was called.
    struct Scripted {
        clock: Clock,
        answers: Mutex<Vec<Answer>>,
        calls: Mutex<Vec<(u64, bool)>>,
    }

    impl Client for Scripted {
        async fn pay(&self, call: Call) -> Answer {
            lock(&self.calls).push((self.clock.now().as_secs(), call.background));
            lock(&self.answers).pop().unwrap_or(Answer::Paid)
        }
    }

    fn failed(tries: u32, delivery: Delivery, retry_after: Option<u64>) -> Answer {
        Answer::Failed {
            tries,
            delivery,
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    const REQUEUE: Application = Application::Requeue {
        pause: Duration::from_secs(2),
    };

    async fn settled(
        application: Application,
        answers: Vec<Answer>,
    ) -> (PaymentRecord, Vec<(u64, bool)>) {
        let clock = Clock::start();
        let client = Arc::new(Scripted {
            clock,
            answers: Mutex::new(answers.into_iter().rev().collect()),
            calls: Mutex::default(),
        });
        let desk = Desk::new(clock, vec![PaymentRecord::new(Duration::ZERO)]);
        settle(0, Arc::clone(&client), application, desk.clone()).await;
        let calls = lock(&client.calls).clone();
        (desk.take_records()[0], calls)
    }

    #[tokio::test(start_paused = true)]
    async fn requeue_calls_every_two_seconds_and_gives_up_after_ten_tries() {
        let answers = [4, 4, 2].map(|tries| failed(tries, Delivery::Rejected, Some(99)));
        let (record, calls) = settled(REQUEUE, answers.into()).await;
        assert_eq!(calls, [(0, false), (2, false), (4, false)]);
        assert_eq!(record.end, Some((Duration::from_secs(4), End::GaveUp)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_call_makes_the_payment_unknown_whatever_came_later() {
        let mut answers = vec![failed(1, Delivery::NotSent, None); 10];
        answers[0] = failed(1, Delivery::Unknown, None);
        let (record, calls) = settled(REQUEUE, answers).await;
        assert_eq!(calls.len(), 10);
        assert_eq!(record.end.map(|(_, end)| end), Some(End::Unknown));
    }

    #[tokio::test(start_paused = true)]
    async fn the_outbox_waits_for_retry_at_and_tries_in_the_background_until_paid() {
        let answers = vec![failed(1, Delivery::NotSent, Some(1200)); 20];
        let (record, calls) = settled(Application::Outbox, answers).await;
        assert_eq!(calls[..3], [(0, false), (1200, true), (2400, true)]);
        assert_eq!(record.paid_at(), Some(Duration::from_secs(24_000)));
        assert!(!record.paid_at_first_call());
    }

    #[tokio::test(start_paused = true)]
    async fn the_outbox_reports_a_payment_that_cannot_be_tried_again() {
        let (record, calls) = settled(
            Application::Outbox,
            vec![failed(1, Delivery::Rejected, None)],
        )
        .await;
        assert_eq!(calls.len(), 1);
        assert_eq!(record.end.map(|(_, end)| end), Some(End::GaveUp));
    }
}

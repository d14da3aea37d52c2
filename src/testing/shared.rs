//! What all connections share: the weather, the faults, the ledger and the counts, behind one lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderName, Method, Request, StatusCode};

use super::act::{Act, Fate, to_payment, to_question};
use super::answer::Answer;
use super::counts::Tally;
use super::fault::Faults;
use super::ledger::Ledger;
use super::weather::Weather;
use crate::clock;
use crate::random::Random;

#[derive(Debug)]
pub(super) struct Shared {
    started: Instant,
    key_header: HeaderName,
    random: Random,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) weather: Weather,
    pub(super) faults: Faults,
    pub(super) ledger: Ledger,
    pub(super) tally: Tally,
}

/// A request that has arrived. It is in progress until this is dropped.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) fate: Fate,
    shared: Arc<Shared>,
}

impl Shared {
    pub(super) fn new(seed: u64, key_header: HeaderName, key_life: Duration) -> Self {
        Self {
            started: clock::now(),
            key_header,
            random: Random::seeded(seed),
            state: Mutex::new(State {
                weather: Weather::default(),
                faults: Faults::default(),
                ledger: Ledger::new(key_life),
                tally: Tally::default(),
            }),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request arrives; nothing of it has been read.
    pub(super) fn arrive(self: &Arc<Self>) -> Arrival {
        let now = clock::now();
        let second = now.duration_since(self.started).as_secs();
        let fate = self.state().arrive(now, second, self.random.unit());
        Arrival {
            fate,
            shared: self.clone(),
        }
    }
}

impl Arrival {
    /// The request has been read. What to do, once the gateway's latency has passed.
    pub(super) async fn act(&self, request: &Request<Bytes>) -> Act {
        let now = clock::now();
        let (act, at) = self
            .shared
            .state()
            .act(now, self.fate, request, &self.shared.key_header);
        if at > now {
            clock::sleep_until(at).await;
        }
        act
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.shared.state().tally.over();
    }
}

impl State {
    fn arrive(&mut self, now: Instant, second: u64, unit: f64) -> Fate {
        let fate = match self.weather.refusal(now, second, self.tally.in_progress()) {
            Some(refusal) => {
                self.tally.refused(refusal);
                Fate::Refuse(refusal)
            }
            None => match self.faults.pick(unit) {
                Some(fault) => {
                    self.tally.met(fault);
                    Fate::Meet(fault)
                }
                None => Fate::Serve,
            },
        };
        self.tally.arrived(second);
        fate
    }

    /// What to do, and when. Who is turned away is told so at once.
    fn act(
        &mut self,
        now: Instant,
        fate: Fate,
        request: &Request<Bytes>,
        key_header: &HeaderName,
    ) -> (Act, Instant) {
        let key = request
            .headers()
            .get(key_header)
            .map(|key| String::from_utf8_lossy(key.as_bytes()));
        if let Some(key) = &key {
            self.tally.key(key);
        }
        let at = match fate {
            Fate::Refuse(_) => now,
            Fate::Serve | Fate::Meet(_) => clock::after(now, self.weather.latency),
        };
        let act = fate.act(|| self.carry_out(now, at, key.as_deref(), request));
        (act, at)
    }

    fn carry_out(
        &mut self,
        now: Instant,
        done_at: Instant,
        key: Option<&str>,
        request: &Request<Bytes>,
    ) -> Answer {
        let path = request.uri().path();
        match *request.method() {
            Method::POST => {
                let verdict = self.ledger.pay(now, done_at, key, path, request.body());
                self.tally.judged(&verdict);
                to_payment(verdict)
            }
            Method::GET => match path.strip_prefix("/payments/") {
                Some(key) => to_question(self.ledger.find(now, key)),
                None => Answer::unknown_key(),
            },
            _ => Answer::bare(StatusCode::METHOD_NOT_ALLOWED),
        }
    }
}

#[cfg(test)]
#[path = "shared_tests.rs"]
mod tests;

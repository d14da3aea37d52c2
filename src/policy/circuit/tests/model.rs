//! The circuit against a plain re-statement of its rules, over random schedules.

use proptest::prelude::*;

use super::schedule::{Step, step};
use super::*;

/// The rules of the states without those of the pace: when Paced ends is taken from the circuit.
#[derive(Debug)]
struct Model {
    state: CircuitState,
    generation: u64,
    recovered_in: u64,
    /// Failures since the last success of this generation.
    failures: Vec<f64>,
    open_until: f64,
    gate_until: f64,
    /// A probe that nobody ends counts until then.
    probe_lapses: Option<f64>,
}

impl Model {
    fn new() -> Self {
        Self {
            state: CircuitState::Closed,
            generation: 0,
            recovered_in: 0,
            failures: Vec::new(),
            open_until: 0.0,
            gate_until: 0.0,
            probe_lapses: None,
        }
    }

    fn becomes(&mut self, state: CircuitState) {
        self.state = state;
        self.generation += 1;
        self.failures.clear();
        self.probe_lapses = None;
    }

    /// Breaks end by themselves; the pace ends when the circuit says so.
    fn pass_to(&mut self, now: f64, circuit: &Circuit) {
        if self.state == CircuitState::Open && self.open_until <= now {
            self.becomes(CircuitState::HalfOpen);
        }
        if self.probe_lapses.is_some_and(|lapses| lapses <= now) {
            self.becomes(CircuitState::HalfOpen);
        }
        if self.state == CircuitState::Paced && circuit.state() == CircuitState::Closed {
            self.becomes(CircuitState::Closed);
        }
    }

    /// Answers whether this result must open the circuit; `None` if that is for the pace to say.
    fn end(&mut self, now: f64, permit: Permit, ending: &Ending) -> Option<bool> {
        let current = permit.generation() == self.generation;
        match (self.state, ending.health) {
            (CircuitState::Closed, Health::Success) if current => self.failures.clear(),
            (CircuitState::Closed, Health::Failure) if current => {
                self.failures.push(now);
                self.failures.retain(|&failed| now - failed <= 120.0);
                let lasted = now - self.failures[0];
                if self.failures.len() >= 5 && lasted >= 1.0 {
                    return Some(true);
                }
            }
            (CircuitState::HalfOpen, Health::Failure) if current => return Some(true),
            (CircuitState::HalfOpen, Health::Success) if current => {
                self.becomes(CircuitState::Paced);
                self.recovered_in = self.generation;
            }
            (CircuitState::Paced, Health::Failure) if current => return None,
            _ => self.tells_nothing(permit),
        }
        Some(false)
    }

    fn tells_nothing(&mut self, permit: Permit) {
        if permit.is_probe() && permit.generation() == self.generation {
            self.probe_lapses = None;
        }
    }
}

/// The circuit and the model side by side.
struct Pair {
    story: Story,
    model: Model,
    under_way: Vec<Permit>,
    now: f64,
}

impl Pair {
    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            // Whole milliseconds, so that both compare the same numbers.
            Step::Pass(seconds) => self.now = ((self.now + seconds) * 1e3).round() / 1e3,
            Step::Ask { background, key } => self.ask(background, key)?,
            Step::End(which, ending) if !self.under_way.is_empty() => {
                let permit = self.under_way.swap_remove(which % self.under_way.len());
                self.end(permit, &ending)?;
            }
            Step::Drop(which) if !self.under_way.is_empty() => {
                let permit = self.under_way.swap_remove(which % self.under_way.len());
                let now = self.story.at(self.now);
                self.story.circuit.abandon(now, permit);
                self.model.tells_nothing(permit);
            }
            Step::End(..) | Step::Drop(_) => {}
        }
        self.agree()
    }

    fn agree(&mut self) -> Result<(), TestCaseError> {
        let state = self.story.state(self.now);
        self.model.pass_to(self.now, &self.story.circuit);
        prop_assert_eq!(state, self.model.state);
        prop_assert_eq!(self.story.circuit.generation(), self.model.generation);
        let probes = self
            .under_way
            .iter()
            .filter(|permit| permit.is_probe() && permit.generation() == self.model.generation);
        prop_assert!(probes.count() <= 1, "two probes at once");
        Ok(())
    }

    fn ask(&mut self, background: bool, key: u64) -> Result<(), TestCaseError> {
        let call = Call {
            priority: if background {
                Priority::Background
            } else {
                Priority::Foreground
            },
            rate_key: key % 3,
            ..keyed(key)
        };
        let answer = self.story.ask(self.now, &call);
        self.model.pass_to(self.now, &self.story.circuit);
        match answer {
            Admission::Go(permit) => {
                prop_assert!(
                    self.model.state != CircuitState::Open,
                    "admitted while open"
                );
                prop_assert_eq!(
                    permit.is_probe(),
                    self.model.state == CircuitState::HalfOpen
                );
                prop_assert_eq!(permit.generation(), self.model.generation);
                if permit.is_probe() {
                    self.model.probe_lapses = Some(self.now + 120.0);
                }
                self.under_way.push(permit);
            }
            Admission::Wait(wait) => prop_assert!(false, "nobody was patient: {wait:?}"),
            Admission::Refuse { reason, retry_at } => {
                let retry_at = self.story.time_of(retry_at).as_secs_f64();
                prop_assert!(retry_at > self.now);
                if self.model.state == CircuitState::Open {
                    prop_assert!(retry_at >= self.model.open_until - 1e-6);
                }
                let nothing_wrong = self.model.state == CircuitState::Closed && !background;
                prop_assert!(
                    !nothing_wrong || matches!(reason, Refusal::RateLimit | Refusal::Throttle),
                    "{reason:?} while closed"
                );
            }
        }
        Ok(())
    }

    fn end(&mut self, permit: Permit, ending: &Ending) -> Result<(), TestCaseError> {
        let before = self.model.state;
        let opens = self.model.end(self.now, permit, ending);
        self.story.ends(self.now, permit, *ending);
        let gates = match ending.closing {
            Some(Closing::Upstream(wait)) if permit.generation() >= self.model.recovered_in => {
                Some(wait.as_secs_f64())
            }
            _ => None,
        };
        let opened = self.story.circuit.state() == CircuitState::Open;
        if let (Some(opens), None) = (opens, gates) {
            prop_assert_eq!(opened, opens || before == CircuitState::Open);
        }
        if gates.is_some() {
            prop_assert!(opened, "a Retry-After must close the gate");
        }
        if opened {
            self.opened(before, gates);
        }
        Ok(())
    }

    fn opened(&mut self, before: CircuitState, gates: Option<f64>) {
        let until = self.story.break_ends().as_secs_f64();
        if before == CircuitState::Open {
            assert!(until >= self.model.open_until, "a break never gets shorter");
        } else {
            self.model.becomes(CircuitState::Open);
            self.model.gate_until = 0.0;
        }
        let asked = gates.map_or(0.0, |wait| self.now + wait);
        self.model.gate_until = self.model.gate_until.max(asked);
        assert!(
            until >= self.model.gate_until - 1e-6,
            "never earlier than asked"
        );
        // A break of at most 120 s, or the latest gate of at most 100 s and its tenth.
        assert!(
            until <= self.now + 120.0,
            "no break is longer than the longest"
        );
        self.model.open_until = until;
    }

    /// Whatever happened, somebody who comes back a few times is let through in the end.
    fn is_not_wedged(&mut self) -> Result<(), TestCaseError> {
        self.under_way.clear();
        let permits: Vec<_> = (0..4)
            .filter_map(|attempt| {
                let later = self.now + 400.0 + f64::from(attempt) * 10.0;
                match self.story.ask(later, &IDEMPOTENT) {
                    Admission::Go(permit) => Some(permit),
                    Admission::Wait(_) | Admission::Refuse { .. } => None,
                }
            })
            .collect();
        prop_assert!(!permits.is_empty(), "wedged in {:?}", self.model.state);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_circuit_keeps_to_the_rules_whatever_happens(
        steps in prop::collection::vec(step(), 1..250),
        unit in 0.0..1.0_f64,
    ) {
        let mut story = Story::payments();
        story.unit = unit;
        let mut pair = Pair { story, model: Model::new(), under_way: Vec::new(), now: 0.0 };
        for step in steps {
            pair.take(step)?;
        }
        // What is under way ends some day; an attempt timeout sees to that.
        for permit in std::mem::take(&mut pair.under_way) {
            let now = pair.story.at(pair.now);
            pair.story.circuit.abandon(now, permit);
        }
        pair.is_not_wedged()?;
    }
}

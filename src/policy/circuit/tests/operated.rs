//! Whatever operators do between calls, failures and gates: nobody is let through against their will,
//! and the circuit never wedges.

use proptest::prelude::*;

use super::schedule::{Step, step};
use super::*;
use crate::policy::Reason;

#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    Maintain {
        after: f64,
        length: f64,
        planned: bool,
    },
    Withdraw,
    Close(f64),
    Reset,
    LiftGate,
    SetRate(Option<f64>),
    Look,
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0.0..100.0, 0.1..100.0, any::<bool>()).prop_map(|(after, length, planned)| {
            let after = if planned { after } else { 0.0 };
            Act::Maintain { after, length, planned }
        }),
        1 => Just(Act::Withdraw),
        1 => (0.1..100.0).prop_map(Act::Close),
        1 => Just(Act::Reset),
        1 => Just(Act::LiftGate),
        1 => prop::option::of(0.01..100.0).prop_map(Act::SetRate),
        1 => Just(Act::Look),
    ]
}

/// A circuit, and the times in which nobody may pass.
pub(super) struct Operated {
    pub(super) story: Story,
    away: Vec<(f64, f64)>,
    held_closed_until: f64,
    pub(super) under_way: Vec<Permit>,
    pub(super) now: f64,
}

impl Operated {
    pub(super) fn new(story: Story) -> Self {
        Self {
            story,
            away: Vec::new(),
            held_closed_until: 0.0,
            under_way: Vec::new(),
            now: 0.0,
        }
    }

    pub(super) fn act(&mut self, act: Act) {
        let (now, unit) = (self.story.at(self.now), self.story.unit);
        let Story {
            circuit, traffic, ..
        } = &mut self.story;
        match act {
            Act::Maintain {
                after,
                length,
                planned,
            } => {
                let from = now + seconds(after);
                let plan = Maintenance {
                    from,
                    until: from + seconds(length),
                    reason: Reason::new("because").unwrap(),
                    planned,
                    author: Author::Handle,
                };
                assert!(circuit.maintain(now, plan, unit, traffic));
                let from = self.now + after;
                // Of those that are not planned only the last holds; not followed here.
                if planned {
                    self.away.push((from, from + length));
                }
            }
            Act::Withdraw => {
                circuit.replan(now, Author::Handle, [], unit, traffic);
                self.away.clear();
            }
            Act::Close(length) => {
                circuit.close_until(now, now + seconds(length), traffic);
                self.held_closed_until = self.now + length;
                self.nobody_is_kept_away();
            }
            Act::Reset => {
                circuit.reset(now, traffic);
                assert_eq!(circuit.state(), CircuitState::Closed);
                self.held_closed_until = 0.0;
                self.nobody_is_kept_away();
            }
            Act::LiftGate => {
                circuit.lift_gate(now, None, traffic);
                assert_eq!(circuit.gate_until(), None);
            }
            Act::SetRate(rate) => {
                circuit.set_rate(now, rate);
                let (pace, rate) = (circuit.pace(now), rate.unwrap_or(f64::INFINITY));
                assert!(pace.is_none_or(|pace| pace <= rate));
            }
            Act::Look => {
                circuit.snapshot(now, traffic);
            }
        }
    }

    fn nobody_is_kept_away(&mut self) {
        self.away.retain(|&(from, _)| from > self.now);
    }

    pub(super) fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Pass(seconds) => self.now = ((self.now + seconds) * 1e3).round() / 1e3,
            Step::Ask { key, .. } => {
                let kept_away = self
                    .away
                    .iter()
                    .any(|&(from, until)| from + 1e-6 < self.now && self.now < until - 1e-6);
                if let Admission::Go(permit) = self.story.ask(self.now, &keyed(key)) {
                    prop_assert!(!kept_away, "let through at {}", self.now);
                    self.under_way.push(permit);
                }
            }
            Step::End(which, ending) if !self.under_way.is_empty() => {
                let permit = self.under_way.swap_remove(which % self.under_way.len());
                let was = self.story.state(self.now);
                self.story.ends(self.now, permit, ending);
                let opened =
                    self.story.circuit.state() == CircuitState::Open && was != CircuitState::Open;
                let held = self.now < self.held_closed_until - 1e-6;
                prop_assert!(!opened || !held || ending.closing.is_some(), "tripped");
            }
            Step::Drop(which) if !self.under_way.is_empty() => {
                let permit = self.under_way.swap_remove(which % self.under_way.len());
                let now = self.story.at(self.now);
                self.story.circuit.abandon(now, permit);
            }
            Step::End(..) | Step::Drop(_) => {}
        }
        let probes = self.under_way.iter().filter(|permit| {
            permit.is_probe() && permit.generation() == self.story.circuit.generation()
        });
        prop_assert!(probes.count() <= 1, "two probes at once");
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nobody_passes_against_an_operators_will_and_nothing_wedges(
        steps in prop::collection::vec((step(), prop::option::weighted(0.2, act())), 1..150),
        unit in 0.0..1.0_f64,
    ) {
        let mut story = Story::payments();
        story.unit = unit;
        let mut operated = Operated::new(story);
        for (step, act) in steps {
            operated.step(step)?;
            if let Some(act) = act {
                operated.act(act);
            }
        }
        // A maintenance ends, a gate too, and a probe that nobody answers lapses.
        let later = operated.now + 1_000.0;
        let passes = (0..40).any(|attempt| {
            let at = later + f64::from(attempt) * 10.0;
            matches!(operated.story.ask(at, &IDEMPOTENT), Admission::Go(_))
        });
        prop_assert!(passes, "wedged in {:?}", operated.story.circuit.state());
    }
}

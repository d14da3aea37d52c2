//! Whatever operators do and whatever is answered: no more than the rate that is allowed, and what was
//! saved up.

use proptest::prelude::*;

use super::operated::{Act, Operated, act};
use super::schedule::{Step, step};
use super::*;

/// The provider's limit, in calls per second.
const ALLOWED: f64 = 4.0;

/// A circuit whose rate is limited, and who waits for a token.
struct Capped {
    operated: Operated,
    waits: Vec<Wait>,
    /// Calls per second, and when they went while that was allowed.
    went: Vec<(f64, Vec<f64>)>,
}

impl Capped {
    fn new(unit: f64) -> Self {
        let mut story = Story::of(CircuitSettings {
            provider_rate: Some(ALLOWED),
            ..payments()
        });
        story.unit = unit;
        Self {
            operated: Operated::new(story),
            waits: Vec::new(),
            went: vec![(ALLOWED, Vec::new())],
        }
    }

    fn act(&mut self, act: Act) {
        self.operated.act(act);
        if let Act::SetRate(rate) = act {
            let allowed = rate.unwrap_or(ALLOWED).min(ALLOWED);
            self.went.push((allowed, Vec::new()));
        }
        self.waiting_ask_again();
    }

    /// As everybody does who is woken by a change.
    fn waiting_ask_again(&mut self) {
        let now = self.operated.story.at(self.operated.now);
        let circuit = &self.operated.story.circuit;
        let all = std::mem::take(&mut self.waits);
        let (kept, again): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|wait| circuit.still_promises(now, wait, &PATIENT));
        self.waits = kept;
        for wait in again {
            self.operated.story.circuit.give_up(now, &wait);
            self.ask(&PATIENT);
        }
    }

    fn ask(&mut self, call: &Call) {
        match self.operated.story.ask(self.operated.now, call) {
            Admission::Go(permit) => self.goes(permit),
            Admission::Wait(wait) if wait.promised.is_some() => self.waits.push(wait),
            Admission::Wait(_) | Admission::Refuse { .. } => {}
        }
    }

    fn goes(&mut self, permit: Permit) {
        if !permit.is_probe() {
            let (_, went) = self.went.last_mut().unwrap();
            went.push(self.operated.now);
        }
        self.operated.under_way.push(permit);
    }

    /// Whoever was promised a token takes it in time.
    fn pass(&mut self, seconds: f64) {
        let ends = self.operated.now + seconds;
        while let Some(next) = self.next_due(ends) {
            let wait = self.waits.remove(next);
            let story = &mut self.operated.story;
            self.operated.now = story.time_of(wait.until).as_secs_f64();
            let claimed = story
                .circuit
                .claim(wait.until, &wait, &PATIENT, &story.traffic);
            if let Some(permit) = claimed {
                self.goes(permit);
            }
        }
        self.operated.now = ends;
    }

    fn next_due(&self, by: f64) -> Option<usize> {
        let story = &self.operated.story;
        let due = |wait: &&(usize, &Wait)| story.time_of(wait.1.until).as_secs_f64() <= by;
        let waits = self.waits.iter().enumerate();
        let first = waits.min_by_key(|(_, wait)| wait.until);
        first.as_ref().filter(due).map(|&(which, _)| which)
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Pass(seconds) => self.pass(seconds),
            Step::Ask { background, .. } => {
                let call = if background { BACKGROUND } else { PATIENT };
                (0..30).for_each(|_| self.ask(&call));
            }
            Step::End(..) | Step::Drop(_) => self.operated.step(step)?,
        }
        self.waiting_ask_again();
        Ok(())
    }

    /// In no window more than the rate, and what may go at once.
    fn keeps_within_what_is_allowed(&self) -> Result<(), TestCaseError> {
        for (allowed, went) in &self.went {
            for (before, from) in went.iter().enumerate() {
                for (count, to) in went[before..].iter().enumerate() {
                    let most = allowed * (to - from) + allowed.max(2.0) + 1e-3;
                    let count = (count + 1) as f64;
                    prop_assert!(count <= most, "{count} from {from} to {to} at {allowed}/s");
                }
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_window_has_more_than_is_allowed_and_nothing_wedges(
        steps in prop::collection::vec((step(), prop::option::weighted(0.2, act())), 1..100),
        unit in 0.0..1.0_f64,
    ) {
        let mut capped = Capped::new(unit);
        for (step, act) in steps {
            capped.step(step)?;
            if let Some(act) = act {
                capped.act(act);
            }
        }
        capped.keeps_within_what_is_allowed()?;
        let later = capped.operated.now + 1_000.0;
        let passes = (0..40).any(|attempt| {
            let at = later + f64::from(attempt) * 10.0;
            matches!(capped.operated.story.ask(at, &IDEMPOTENT), Admission::Go(_))
        });
        prop_assert!(passes, "wedged in {:?}", capped.operated.story.circuit.state());
    }
}

#[test]
fn those_who_wait_at_a_rate_that_is_lowered_do_not_pass_at_the_old_one() {
    let mut capped = Capped::new(0.0);
    capped.act(Act::SetRate(Some(4.0)));
    (0..30).for_each(|_| capped.ask(&PATIENT));
    assert_eq!((capped.went[1].1.len(), capped.waits.len()), (4, 20));
    capped.act(Act::SetRate(Some(0.5)));
    capped.pass(5.0);
    assert_eq!(capped.went[2].1, [2.0, 4.0]);
}

#[test]
fn those_who_wait_at_a_rate_that_is_raised_pass_at_the_new_one() {
    let mut capped = Capped::new(0.0);
    capped.act(Act::SetRate(Some(0.5)));
    (0..4).for_each(|_| capped.ask(&PATIENT));
    assert_eq!((capped.went[1].1.len(), capped.waits.len()), (2, 2));
    capped.act(Act::SetRate(None));
    capped.pass(1.0);
    assert_eq!(capped.went[2].1, [0.25, 0.5]);
}

//! Rows that are measured together.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::{Clock, Row, Run, allocations};

/// How long one row runs in one round, at the least.
const SLICE: Duration = Duration::from_millis(20);
const WARM_UP: u32 = 64;

/// The rows that a row is held against, each by its name, in the same variant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Against {
    pub base: Option<&'static str>,
    pub tower: Option<&'static str>,
    pub tower_resilience: Option<&'static str>,
}

/// Rows that are measured together, in rounds.
pub struct Contest {
    pub name: &'static str,
    clock: Clock,
    entries: Vec<Entry>,
}

struct Entry {
    row: &'static str,
    variant: &'static str,
    against: Against,
    run: Box<dyn Run>,
    clock: Clock,
    calls: u32,
    samples: Vec<f64>,
    allocations: Option<i64>,
}

impl Contest {
    /// By the CPU time of this thread.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            clock: Clock::Thread,
            entries: Vec::new(),
        }
    }

    /// By the wall's clock; allocations are not counted.
    #[must_use]
    pub const fn by_the_wall(name: &'static str) -> Self {
        Self {
            name,
            clock: Clock::Wall,
            entries: Vec::new(),
        }
    }

    pub fn add(
        &mut self,
        row: &'static str,
        variant: &'static str,
        against: Against,
        run: impl Run + 'static,
    ) {
        self.entries.push(Entry {
            row,
            variant,
            against,
            run: Box::new(run),
            clock: self.clock,
            calls: 0,
            samples: Vec::new(),
            allocations: None,
        });
    }

    /// Measures, and tells the rows in the order in which they were added.
    #[must_use]
    pub fn measure(mut self, rounds: u32) -> Vec<Row> {
        for entry in &mut self.entries {
            entry.warm_up();
        }
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        let mut chance = StdRng::seed_from_u64(1);
        for _ in 0..rounds {
            order.shuffle(&mut chance);
            for &index in &order {
                self.entries[index].sample();
            }
        }
        let rows = self.entries.iter().map(|entry| self.row(entry));
        rows.collect()
    }

    fn row(&self, entry: &Entry) -> Row {
        let delta = |entry: &Entry| {
            let base = self.find(entry.against.base?, entry.variant)?;
            Some(entry.median_over(base))
        };
        let ratio = |peer: Option<&str>| {
            let peer = delta(self.find(peer?, entry.variant)?)?;
            Some(delta(entry)? / peer)
        };
        let base = entry.against.base;
        let base = base.and_then(|base| self.find(base, entry.variant));
        Row {
            row: entry.row.to_owned(),
            variant: entry.variant.to_owned(),
            median_ns: entry.median(),
            delta_ns: delta(entry),
            allocs: base.and_then(|base| Some(entry.allocations? - base.allocations?)),
            ratio_to_tower_resilience: ratio(entry.against.tower_resilience),
            ratio_to_tower: ratio(entry.against.tower),
        }
    }

    fn find(&self, row: &str, variant: &str) -> Option<&Entry> {
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.row == row && entry.variant == variant)
    }
}

impl Entry {
    fn warm_up(&mut self) {
        self.slice(WARM_UP);
        if matches!(self.clock, Clock::Thread) {
            self.allocations = Some(allocations::of_one_call(&mut *self.run));
        }
        let mut calls = 16;
        let mut took = self.slice(calls);
        while took < SLICE / 4 {
            calls *= 2;
            took = self.slice(calls);
        }
        self.calls = (f64::from(calls) * SLICE.div_duration_f64(took)).ceil() as u32;
    }

    fn sample(&mut self) {
        let took = self.slice(self.calls);
        self.samples
            .push(took.as_secs_f64() * 1e9 / f64::from(self.calls));
    }

    fn slice(&mut self, calls: u32) -> Duration {
        let (mut left, mut took) = (calls, Duration::ZERO);
        while left > 0 {
            let calls = left.min(self.run.most());
            self.run.prepare();
            let start = self.clock.now();
            self.run.run(calls);
            took += self.clock.now().saturating_sub(start);
            left -= calls;
        }
        took
    }

    fn median(&self) -> f64 {
        median(&self.samples)
    }

    /// Round by round: what disturbs a round disturbs both.
    fn median_over(&self, base: &Self) -> f64 {
        let pairs = self.samples.iter().zip(&base.samples);
        let over: Vec<f64> = pairs.map(|(own, base)| own - base).collect();
        median(&over)
    }
}

/// The middle of so many samples.
#[must_use]
pub(crate) fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

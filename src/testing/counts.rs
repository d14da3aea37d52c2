//! What the gateway has counted.

use std::collections::{BTreeMap, HashSet};

use super::fault::Fault;
use super::ledger::Verdict;
use super::weather::Refusal;

/// What a [`Gateway`](super::Gateway) has counted since it started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Requests that arrived, whatever became of them.
    pub requests: u64,
    /// Requests that have arrived and are not over yet.
    pub in_progress: usize,
    /// Distinct idempotency keys, of the requests that were read.
    pub keys: u64,
    /// Payments taken.
    pub charges: u64,
    /// Payments answered again by their key, with nothing charged.
    pub replays: u64,
    /// 409: the first payment with that key was still being carried out.
    pub conflicts: u64,
    /// 422: the key was another payment's.
    pub mismatches: u64,
    /// 503 because of maintenance.
    pub in_maintenance: u64,
    /// 503 because of the queue limit.
    pub queue_full: u64,
    /// 429 because of the rate limit.
    pub rate_limited: u64,
    /// Requests that met each fault.
    pub faults: BTreeMap<Fault, u64>,
    /// Requests by the second in which they arrived, since the start.
    pub per_second: Vec<u64>,
}

impl Counts {
    /// Requests that met this fault.
    #[must_use]
    pub fn met(&self, fault: Fault) -> u64 {
        self.faults.get(&fault).copied().unwrap_or_default()
    }
}

/// The counts in the making.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: Counts,
    keys: HashSet<String>,
}

impl Tally {
    pub(super) fn arrived(&mut self, second: u64) {
        self.counts.requests += 1;
        self.counts.in_progress += 1;
        let second = usize::try_from(second).expect("a gateway lives less than an eternity");
        let per_second = &mut self.counts.per_second;
        per_second.resize(per_second.len().max(second + 1), 0);
        per_second[second] += 1;
    }

    pub(super) fn over(&mut self) {
        self.counts.in_progress -= 1;
    }

    pub(super) fn in_progress(&self) -> usize {
        self.counts.in_progress
    }

    pub(super) fn met(&mut self, fault: Fault) {
        *self.counts.faults.entry(fault).or_default() += 1;
    }

    pub(super) fn refused(&mut self, refusal: Refusal) {
        *match refusal {
            Refusal::Maintenance { .. } => &mut self.counts.in_maintenance,
            Refusal::QueueFull => &mut self.counts.queue_full,
            Refusal::RateLimited => &mut self.counts.rate_limited,
        } += 1;
    }

    pub(super) fn key(&mut self, key: &str) {
        if !self.keys.contains(key) {
            self.keys.insert(key.into());
            self.counts.keys += 1;
        }
    }

    pub(super) fn judged(&mut self, verdict: &Verdict) {
        *match verdict {
            Verdict::Charged(_) => &mut self.counts.charges,
            Verdict::Replayed(_) => &mut self.counts.replays,
            Verdict::Conflict => &mut self.counts.conflicts,
            Verdict::Mismatch => &mut self.counts.mismatches,
        } += 1;
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_without_a_request_count_zero() {
        let mut tally = Tally::default();
        for second in [0, 3, 3] {
            tally.arrived(second);
        }
        assert_eq!(tally.counts().per_second, [1, 0, 0, 2]);
        assert_eq!(tally.counts().requests, 3);
    }

    #[test]
    fn a_key_counts_once() {
        let mut tally = Tally::default();
        for key in ["a", "b", "a"] {
            tally.key(key);
        }
        assert_eq!(tally.counts().keys, 2);
    }

    #[test]
    fn a_fault_that_nobody_met_counts_zero() {
        let mut tally = Tally::default();
        tally.met(Fault::Stall);
        assert_eq!(tally.counts().met(Fault::Stall), 1);
        assert_eq!(tally.counts().met(Fault::Garbage), 0);
    }
}

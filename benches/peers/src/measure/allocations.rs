//! Allocations, counted in a run apart from the timed one.

use super::Run;

const CALLS: usize = 65;

/// The allocations of one call once it is warm: the median, so that a map that grows now and then does
/// not count.
pub(super) fn of_one_call(run: &mut dyn Run) -> i64 {
    let mut counts: Vec<u64> = (0..CALLS)
        .map(|_| {
            run.prepare();
            allocation_counter::measure(|| run.run(1)).count_total
        })
        .collect();
    counts.sort_unstable();
    i64::try_from(counts[CALLS / 2]).unwrap_or(i64::MAX)
}

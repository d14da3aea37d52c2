//! A sliding count over the last ticks, without a lock or a timer.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Counts of the last `N` ticks, one bucket for each.
///
/// A bucket holds its tick and its count in one word, so that both change together and an expired
/// bucket is simply one that names an old tick: the first to need it takes it over. Nothing has to
/// be swept, so idle time costs nothing.
///
/// The owner says what a tick is (a second since an instant of its own) and which one it is; ticks
/// never wrap: 136 years of seconds. A tick that is `N` or more behind the newest is forgotten.
///
/// Everything is sequentially consistent: of two threads that each add and then sum, the later one
/// sees both, even when they add to different buckets. [`Budget`](super::budget::Budget) rests on
/// that.
#[derive(Debug)]
pub(crate) struct Window<const N: usize> {
    buckets: [AtomicU64; N],
}

impl<const N: usize> Window<N> {
    pub(crate) const fn new() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; N],
        }
    }

    /// Adds `n` to `tick`; returns the tick's count with them. The count saturates.
    pub(crate) fn add(&self, tick: u32, n: u32) -> u32 {
        self.update(tick, |count| count.saturating_add(n))
    }

    /// Takes one back from `tick`, if it is still remembered and has any.
    pub(crate) fn take(&self, tick: u32) {
        self.update(tick, |count| count.saturating_sub(1));
    }

    /// The count of the `last` ticks up to `now_tick`, that one included.
    pub(crate) fn sum(&self, now_tick: u32, last: u32) -> u64 {
        self.sum_of(|tick| now_tick.checked_sub(tick).is_some_and(|age| age < last))
    }

    /// The count of these ticks.
    pub(crate) fn sum_of(&self, counts: impl Fn(u32) -> bool) -> u64 {
        self.buckets
            .iter()
            .map(|bucket| unpack(bucket.load(SeqCst)))
            .filter(|(tick, _)| counts(*tick))
            .map(|(_, count)| u64::from(count))
            .sum()
    }

    /// Replaces the count of `tick`, zero if its bucket holds an older one. If it holds a newer one
    /// the tick is forgotten and nothing changes.
    fn update(&self, tick: u32, change: impl Fn(u32) -> u32) -> u32 {
        let Some(bucket) = self.buckets.get(tick as usize % N.max(1)) else {
            return change(0);
        };
        let changed = |held| {
            let (held_tick, count) = unpack(held);
            (held_tick <= tick).then(|| change(if held_tick == tick { count } else { 0 }))
        };
        let packed = bucket.fetch_update(SeqCst, SeqCst, |held| Some(pack(tick, changed(held)?)));
        packed.ok().and_then(changed).unwrap_or_else(|| change(0))
    }
}

const fn pack(tick: u32, count: u32) -> u64 {
    (tick as u64) << 32 | count as u64
}

const fn unpack(bucket: u64) -> (u32, u32) {
    ((bucket >> 32) as u32, bucket as u32)
}

#[cfg(test)]
mod tests;

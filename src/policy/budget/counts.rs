//! First attempts and retries, by the second.

use std::sync::OnceLock;

use super::{BUCKETS, WINDOW_SECONDS};
use crate::policy::newest::{Added, Newest};
use crate::policy::striped::Striped;
use crate::policy::window::Window;

/// The highest bit of the one count that a lane's word holds.
const FULL: u32 = 1 << 31;

/// What was sent in the last minute.
///
/// The first attempts of this second are counted by each thread in its lane, and handed on to a window
/// when the second is over. What is taken back is counted by itself. Retries are counted by all threads
/// in one place, so that none is overlooked.
///
/// **Never too many first attempts:** whoever hands on takes from the lane first, and whoever reads
/// looks at the window first. What it finds there has left its lane by then; what is on its way is
/// overlooked. What was taken back is read last, so that nothing is seen made and not undone.
#[derive(Debug)]
pub(super) struct Counts {
    newest: Striped<Newest>,
    past: OnceLock<Box<Past>>,
}

/// Made when an upstream is called in a second second.
#[derive(Debug)]
struct Past {
    firsts: Window<BUCKETS>,
    taken_back: Rare,
    retries: Rare,
}

/// A window that few upstreams need.
#[derive(Debug, Default)]
struct Rare(OnceLock<Box<Window<BUCKETS>>>);

impl Counts {
    pub(super) const fn new() -> Self {
        Self {
            newest: Striped::of(Newest::new()),
            past: OnceLock::new(),
        }
    }

    pub(super) fn add_first(&self, tick: u32) {
        if let Some(added) = self.newest.here().add(tick, 1, FULL) {
            self.see_to(added, tick);
        }
    }

    /// One of this tick was not sent after all.
    pub(super) fn take_back_first(&self, tick: u32) {
        self.past().taken_back.window().add(tick, 1);
    }

    /// First attempts of the last 60 s. The tick that the window's start falls into does not count.
    pub(super) fn firsts(&self, tick: u32) -> u64 {
        let past = self.past.get();
        let older = past.map_or(0, |past| past.firsts.sum(tick, WINDOW_SECONDS));
        let newest = self.newest.all().map(Newest::counted);
        let newest: u64 = newest
            .map(|counted| counted.within(tick, WINDOW_SECONDS))
            .sum();
        // Asked for again: it may have been made since.
        let taken_back = self.past.get().and_then(|past| past.taken_back.0.get());
        let taken_back = taken_back.map_or(0, |window| window.sum(tick, WINDOW_SECONDS));
        (older + newest).saturating_sub(taken_back)
    }

    /// Counts a retry; answers its place among those that may lie in the last 60 s.
    pub(super) fn add_retry(&self, tick: u32) -> u64 {
        let retries = self.past().retries.window();
        let in_this_tick = retries.add(tick, 1);
        let may_count = may_count(tick);
        let beside = retries.sum_of(|other| other != tick && may_count(other));
        beside + u64::from(in_this_tick)
    }

    pub(super) fn take_back_retry(&self, tick: u32) {
        self.past().retries.window().take(tick);
    }

    /// Retries that may lie in the last 60 s.
    pub(super) fn retries(&self, tick: u32) -> u64 {
        let retries = self.past.get().and_then(|past| past.retries.0.get());
        retries.map_or(0, |retries| retries.sum_of(may_count(tick)))
    }

    /// What is too old to earn is not worth a window.
    #[cold]
    fn see_to(&self, added: Added, now_tick: u32) {
        if let Some(counted) = added.handed_on
            && now_tick.saturating_sub(counted.tick) < BUCKETS as u32
        {
            self.past().firsts.add(counted.tick, counted.counts);
        }
        if added.contended {
            self.newest.spread();
        }
    }

    #[cfg(test)]
    pub(super) fn has_past(&self) -> bool {
        self.past.get().is_some()
    }

    fn past(&self) -> &Past {
        self.past.get_or_init(|| {
            Box::new(Past {
                firsts: Window::new(),
                taken_back: Rare::default(),
                retries: Rare::default(),
            })
        })
    }
}

impl Rare {
    fn window(&self) -> &Window<BUCKETS> {
        self.0.get_or_init(|| Box::new(Window::new()))
    }
}

/// Whether the retries of a tick may lie in the last 60 s before this one. The tick that the window's start
/// falls into counts whole, and so does what other threads, whose clock readings are later, have granted
/// already.
fn may_count(now_tick: u32) -> impl Fn(u32) -> bool {
    move |tick| now_tick.saturating_sub(tick) <= WINDOW_SECONDS
}

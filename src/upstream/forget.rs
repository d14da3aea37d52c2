//! Which upstream is forgotten when another one needs its place.

use std::collections::VecDeque;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use super::{Upstream, Upstreams};
use crate::clock;

/// Upstreams looked at in one search, so that a call pays for no more however many are remembered. The
/// next search goes on where this one ended.
const LOOKS: usize = 64;
/// Idle ones among them, of which the one that is missed least is forgotten.
const CANDIDATES: usize = 16;

/// All that are remembered, in the order in which they are looked at: a clock with one hand.
#[derive(Debug, Default)]
pub(super) struct Row {
    order: Mutex<VecDeque<Weak<Upstream>>>,
    /// Held while one is marked as forgotten that may be found to be in use.
    forgetting: Mutex<()>,
}

impl Row {
    /// One more is remembered.
    pub(super) fn join(&self, upstream: &Arc<Upstream>) {
        hold(&self.order).push_back(Arc::downgrade(upstream));
    }

    /// The quietest of the idle ones that come next; it has left the row.
    fn call_up(&self, now: Instant) -> Option<Arc<Upstream>> {
        let mut row = hold(&self.order);
        let (mut quietest, mut candidates) = (None::<(f64, Arc<Upstream>)>, 0);
        for _ in 0..row.len().min(LOOKS) {
            let Some(next) = row.pop_front().and_then(|next| next.upgrade()) else {
                continue;
            };
            let rate = is_spare(&next, now).then(|| next.normal(now).rate);
            let passed = match (rate, &quietest) {
                (Some(rate), None) => quietest.replace((rate, next)).map(|(_, passed)| passed),
                (Some(rate), Some((least, _))) if rate < *least => {
                    quietest.replace((rate, next)).map(|(_, passed)| passed)
                }
                _ => Some(next),
            };
            row.extend(passed.as_ref().map(Arc::downgrade));
            candidates += usize::from(rate.is_some());
            if candidates == CANDIDATES {
                break;
            }
        }
        quietest.map(|(_, upstream)| upstream)
    }

    /// Waits until it is settled whether one that is marked is forgotten.
    pub(super) fn settled(&self) {
        drop(hold(&self.forgetting));
    }
}

/// Neither a row nor a turn has an invariant that a panic elsewhere could break half-way.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Upstreams {
    /// Forgets the quietest of some idle upstreams. `false`: there was none among those looked at.
    pub(super) fn forget_one(&self) -> bool {
        let now = clock::now();
        self.shared.seats.clear();
        self.shared.remembering.let_go();
        let Some(quietest) = self.shared.row.call_up(now) else {
            return false;
        };
        let is_forgotten = self.forget(&quietest, now);
        if !is_forgotten {
            self.shared.row.join(&quietest);
        }
        is_forgotten
    }

    /// `false`: somebody has come for it in the meantime.
    ///
    /// It is marked first, and then looked at whether it is in use; whoever looks it up takes it first,
    /// and then looks at whether it is marked. One of them at least sees what the other has done.
    fn forget(&self, upstream: &Arc<Upstream>, now: Instant) -> bool {
        let _turn = hold(&self.shared.row.forgetting);
        upstream.mark_as_forgotten(true);
        fence(Ordering::SeqCst);
        let upstreams = self.shared.by_key.pin();
        let removed = upstreams.remove_if(&upstream.key.borrow(), |_, _| is_spare(upstream, now));
        let is_forgotten = matches!(removed, Ok(Some(_)));
        if !is_forgotten {
            upstream.mark_as_forgotten(false);
        }
        is_forgotten
    }
}

/// Nobody uses it but the map and whoever asks here, and forgetting it loses nothing but its history.
fn is_spare(upstream: &Arc<Upstream>, now: Instant) -> bool {
    Arc::strong_count(upstream) == 2 && upstream.is_idle(now)
}

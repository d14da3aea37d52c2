//! Which upstream is forgotten when another one needs its place.

use std::sync::Arc;
use std::time::Instant;

use super::{Upstream, Upstreams};
use crate::clock;

/// Idle upstreams looked at to find the one that is missed least.
const CANDIDATES: usize = 64;

impl Upstreams {
    /// Forgets the quietest of some idle upstreams. `false`: there is none.
    pub(super) fn forget_one(&self) -> bool {
        let now = clock::now();
        self.shared.remembering.let_go();
        let upstreams = self.shared.by_key.pin();
        let quietest = upstreams
            .iter()
            .filter(|(_, upstream)| is_spare(upstream, now))
            .take(CANDIDATES)
            .min_by(|(_, a), (_, b)| a.normal(now).rate.total_cmp(&b.normal(now).rate));
        // Somebody may have come for it in the meantime.
        quietest.is_some_and(|(key, _)| {
            let removed = upstreams.remove_if(key, |_, upstream| is_spare(upstream, now));
            let Ok(Some((_, upstream))) = removed else {
                return false;
            };
            upstream.forget();
            true
        })
    }
}

/// Nobody uses it, and forgetting it loses nothing but its history.
fn is_spare(upstream: &Arc<Upstream>, now: Instant) -> bool {
    Arc::strong_count(upstream) == 1 && upstream.is_idle(now)
}

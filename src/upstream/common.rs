//! What all upstreams of one client have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::event::Observers;
use crate::random::Random;

/// What all upstreams of one client have in common.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) random: Arc<Random>,
    pub(super) observers: Observers,
    ever_limited: AtomicBool,
}

impl Common {
    pub(super) fn new(random: Random, observers: Observers) -> Self {
        Self {
            random: Arc::new(random),
            observers,
            ever_limited: AtomicBool::new(false),
        }
    }

    /// A policy or an operator has limited the rate of one of them, or of all.
    pub(super) fn limit(&self) {
        self.ever_limited.store(true, Relaxed);
    }

    /// Whether any of them was ever limited.
    pub(super) fn were_limited(&self) -> bool {
        self.ever_limited.load(Relaxed)
    }
}

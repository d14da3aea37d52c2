//! What the healthy path has counted in the minutes behind it.

use super::seen::MoreKeys;
use crate::policy::window::Window;

/// Slots of ten seconds that make the ten minutes over which a rate is taken.
pub(super) const SLOTS: u32 = 60;
/// Seconds the result windows reach back.
pub(super) const RESULT_SECONDS: u32 = 60;

/// The windows of an upstream that is called now and again; one that was called once has none.
#[derive(Debug)]
pub(super) struct History {
    /// By slots of healthy time.
    pub(super) sent: Window<{ SLOTS as usize + 1 }>,
    /// By slots.
    pub(super) arrivals: Window<{ SLOTS as usize + 1 }>,
    /// By seconds.
    pub(super) successes: Window<{ RESULT_SECONDS as usize + 1 }>,
    pub(super) failures: Window<{ RESULT_SECONDS as usize + 1 }>,
    pub(super) keys: MoreKeys,
}

impl History {
    pub(super) fn new() -> Self {
        Self {
            sent: Window::new(),
            arrivals: Window::new(),
            successes: Window::new(),
            failures: Window::new(),
            keys: MoreKeys::default(),
        }
    }
}

//! Where the threads of a test meet, so that they race in truth and not one after the other.

use std::hint;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

/// Waits until `threads` of them have come here for the `round`th time, the first being 1.
///
/// It spins, so that all go on in the same instant, and yields now and then, so that one core is
/// enough.
pub(crate) fn meet(arrived: &AtomicU32, threads: u32, round: u32) {
    arrived.fetch_add(1, SeqCst);
    let mut spins = 0_u32;
    while arrived.load(SeqCst) < threads * round {
        spins = spins.wrapping_add(1);
        if spins.is_multiple_of(1_000) {
            thread::yield_now();
        }
        hint::spin_loop();
    }
}

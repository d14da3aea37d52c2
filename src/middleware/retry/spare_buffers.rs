//! Buffers that are used again: what is kept of a call is the same few hundred bytes for each.

use std::cell::RefCell;

/// A thread's buffers: as many as its calls that are under way at once, usually.
const MOST: usize = 64;
/// What is larger is not kept: 256 KiB for a thread at most.
const LARGEST: usize = 4_096;
/// What is made holds the head of most requests.
const USUAL: usize = 1_024;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer.
pub(super) fn take() -> Vec<u8> {
    let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
    let spare = spare.ok().flatten();
    spare.unwrap_or_else(|| Vec::with_capacity(USUAL))
}

/// Nothing of what is in it is seen again.
pub(super) fn give_back(mut buffer: Vec<u8>) {
    if buffer.capacity() == 0 || buffer.capacity() > LARGEST {
        return;
    }
    buffer.clear();
    // A thread that ends has no use for it.
    let _ = SPARE.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        if spare.len() < MOST {
            spare.push(buffer);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spare() -> usize {
        SPARE.with_borrow(Vec::len)
    }

    #[test]
    fn a_buffer_that_was_given_back_is_taken_again_and_is_empty() {
        let mut buffer = take();
        buffer.extend_from_slice(b"authorization");
        let place = buffer.as_ptr();
        give_back(buffer);
        let again = take();
        assert!(again.as_ptr() == place && again.is_empty());
    }

    #[test]
    fn a_thread_keeps_so_many_and_none_that_is_large() {
        give_back(Vec::with_capacity(LARGEST + 1));
        give_back(Vec::new());
        assert_eq!(spare(), 0);
        for _ in 0..=MOST {
            give_back(Vec::with_capacity(LARGEST));
        }
        assert_eq!(spare(), MOST);
    }
}

//! The bytes of a body, in one piece.

use std::mem;

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// The bytes of a body, in one piece. A body of one frame, as most are, is not copied.
#[derive(Debug)]
pub(super) struct Buffer {
    first: Bytes,
    /// All of them, once there is a second frame.
    all: Option<BytesMut>,
}

impl Buffer {
    pub(super) const fn new() -> Self {
        Self {
            first: Bytes::new(),
            all: None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.as_ref().map_or(self.first.len(), BytesMut::len)
    }

    pub(super) fn push(&mut self, mut data: impl Buf) {
        let length = data.remaining();
        if let Some(all) = &mut self.all {
            all.put(data);
        } else if self.first.is_empty() {
            self.first = data.copy_to_bytes(length);
        } else {
            let mut all = BytesMut::with_capacity(self.first.len() + length);
            all.put(mem::take(&mut self.first));
            all.put(data);
            self.all = Some(all);
        }
    }

    pub(super) fn take(&mut self) -> Bytes {
        match self.all.take() {
            Some(all) => all.freeze(),
            None => mem::take(&mut self.first),
        }
    }
}

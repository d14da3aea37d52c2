//! One attempt's way through a stream.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::source::{Source, Unreadable};
use crate::BoxError;

/// One attempt's way through a stream: first what was kept of it, then the stream itself.
///
/// Only one attempt reads at a time: the last one that was asked for its size, its end or a frame,
/// or that took over. The first one begins when it is asked for a second reader.
/// A connection may hold the body of an attempt for a while after that attempt was given up. Such
/// a body ends with an error, never with a clean end, which a server might take for a whole one.
pub(super) struct Reader {
    source: Arc<Mutex<Source>>,
    /// Its place in the order in which readers began; 0: it has not begun. Guarded by the source.
    turn: AtomicU64,
    /// How many of the kept frames it has read.
    read: usize,
}

impl Reader {
    pub(super) fn new<B>(body: B, limit: usize) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::of(Arc::new(Mutex::new(Source::new(body, limit))))
    }

    const fn of(source: Arc<Mutex<Source>>) -> Self {
        Self {
            source,
            turn: AtomicU64::new(0),
            read: 0,
        }
    }

    /// A reader from the stream's start, if that is still there.
    pub(super) fn replay(&self) -> Option<Self> {
        let mut source = self.lock();
        if source.turn == 0 {
            // It is about to be sent. If it is taken over before it is read, it may not begin then.
            source = self.begin(source);
        }
        source
            .is_intact()
            .then(|| Self::of(Arc::clone(&self.source)))
    }

    pub(super) fn is_intact(&self) -> bool {
        self.lock().is_intact()
    }

    /// Takes the stream from the reader before. `false`: there is nothing left to take.
    pub(super) fn take_over(&self) -> bool {
        let source = self.lock();
        source.is_intact() && self.begin(source).is_intact()
    }

    /// Finds out whether the stream begins with an error.
    pub(super) fn look_ahead(&self, cx: &mut Context<'_>) -> Result<(), BoxError> {
        self.reading()?.look_ahead(cx)
    }

    pub(super) fn announce(&self, length: u64) {
        self.lock().announce(length);
    }

    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        // Nobody else holds the stream, so nobody will ask for what was sent.
        let last = Arc::strong_count(&self.source) == 1;
        let mut source = match self.reading() {
            Ok(source) => source,
            Err(unreadable) => return Poll::Ready(Some(Err(unreadable.into()))),
        };
        if let Some(frame) = source.kept.frame(self.read) {
            drop(source);
            self.read += 1;
            return Poll::Ready(Some(Ok(frame)));
        }
        if last {
            source.kept.let_go();
        }
        let next = ready!(source.poll_next(cx));
        let read = source.kept.len();
        drop(source);
        self.read = read;
        Poll::Ready(next)
    }

    pub(super) fn is_end_stream(&self) -> bool {
        // Without its turn it has still to tell the connection so, by a poll.
        self.reading().is_ok_and(|source| source.is_end(self.read))
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self.reading() {
            Ok(source) => source.size_hint(self.read),
            // A byte that never comes: whatever the method, the connection has to poll for it.
            Err(_) => SizeHint::with_exact(1),
        }
    }

    /// The size, for people who only look on.
    pub(super) fn shown_size(&self) -> Option<u64> {
        self.lock().size_hint(self.read).exact()
    }

    /// The source, if it is this reader's turn.
    fn reading(&self) -> Result<MutexGuard<'_, Source>, Unreadable> {
        let mut source = self.lock();
        if self.turn.load(Relaxed) == 0 {
            if !source.is_intact() {
                return Err(Unreadable::NotKept);
            }
            source = self.begin(source);
        }
        if self.turn.load(Relaxed) == source.turn {
            Ok(source)
        } else {
            Err(Unreadable::TakenOver)
        }
    }

    /// Makes it this reader's turn.
    fn begin<'a>(&'a self, mut source: MutexGuard<'a, Source>) -> MutexGuard<'a, Source> {
        source.turn += 1;
        self.turn.store(source.turn, Relaxed);
        let Some(before) = source.waiting.take() else {
            return source;
        };
        // Whoever is woken may run at once, and look here.
        drop(source);
        before.wake();
        self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Source> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

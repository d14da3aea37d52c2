//! A scripted stream.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use http::{HeaderMap, HeaderValue};
use http_body::SizeHint;

use super::*;

/// What the stream does when it is polled.
pub(super) enum Step {
    Data(Bytes),
    Trailers(HeaderMap),
    Pending,
    Fail,
    Panic,
}

pub(super) fn data(text: &'static str) -> Step {
    Step::Data(Bytes::from_static(text.as_bytes()))
}

pub(super) fn trailers() -> Step {
    let sum = HeaderValue::from_static("77");
    Step::Trailers([(http::header::ETAG, sum)].into_iter().collect())
}

/// A stream that says nothing of its size, unless it is `sized`.
pub(super) struct Scripted {
    steps: VecDeque<Step>,
    sized: bool,
    watch: Watch,
}

/// What became of the stream.
#[derive(Clone, Default)]
pub(super) struct Watch {
    polls: Arc<AtomicUsize>,
    dropped: Arc<AtomicBool>,
}

impl Watch {
    pub(super) fn polls(&self) -> usize {
        self.polls.load(SeqCst)
    }

    pub(super) fn is_dropped(&self) -> bool {
        self.dropped.load(SeqCst)
    }
}

pub(super) fn scripted(steps: impl IntoIterator<Item = Step>) -> Scripted {
    Scripted {
        steps: steps.into_iter().collect(),
        sized: false,
        watch: Watch::default(),
    }
}

impl Scripted {
    pub(super) fn sized(mut self) -> Self {
        self.sized = true;
        self
    }

    pub(super) fn watch(&self) -> Watch {
        self.watch.clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.watch.dropped.store(true, SeqCst);
    }
}

impl http_body::Body for Scripted {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.watch.polls.fetch_add(1, SeqCst);
        match self.steps.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Data(data)) => Poll::Ready(Some(Ok(Frame::data(data)))),
            Some(Step::Trailers(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Some(Step::Pending) => Poll::Pending,
            Some(Step::Fail) => Poll::Ready(Some(Err("the disk is gone".into()))),
            Some(Step::Panic) => panic!("the stream has a bug"),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.sized && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if !self.sized {
            return SizeHint::new();
        }
        let left = self.steps.iter().map(|step| match step {
            Step::Data(data) => data.len() as u64,
            _ => 0,
        });
        SizeHint::with_exact(left.sum())
    }
}

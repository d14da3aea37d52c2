//! The frames of a stream that were sent, kept for sending them again.

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;

/// The frames of a stream from its start on, as long as they stay within a limit.
///
/// They share their bytes with what was sent: nothing is copied or joined.
pub(super) struct Kept {
    /// `None` once a frame was let go: without its start, a stream cannot be sent again.
    frames: Option<Vec<KeptFrame>>,
    bytes: usize,
    limit: usize,
}

enum KeptFrame {
    Data(Bytes),
    Trailers(HeaderMap),
}

impl Kept {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            frames: Some(Vec::new()),
            bytes: 0,
            limit,
        }
    }

    /// Whether every frame so far is here.
    pub(super) const fn is_whole(&self) -> bool {
        self.frames.is_some()
    }

    /// How many frames are here.
    pub(super) fn len(&self) -> usize {
        self.frames.as_ref().map_or(0, Vec::len)
    }

    pub(super) fn frame(&self, at: usize) -> Option<Frame<Bytes>> {
        self.frames.as_ref()?.get(at).map(KeptFrame::to_frame)
    }

    /// How many bytes lie before the frame `at`.
    pub(super) fn bytes_before(&self, at: usize) -> u64 {
        let frames = self.frames.iter().flatten().take(at);
        frames.map(KeptFrame::bytes).sum()
    }

    /// Keeps the next frame, or lets everything go if there is no room for it.
    pub(super) fn keep(&mut self, frame: &Frame<Bytes>) {
        let Some(frames) = &mut self.frames else {
            return;
        };
        let length = frame.data_ref().map_or(0, Bytes::len);
        if self.limit == 0 || length > self.limit - self.bytes {
            return self.let_go();
        }
        self.bytes += length;
        match KeptFrame::of(frame) {
            // Nothing to send again, and without a limit on their number.
            Some(KeptFrame::Data(data)) if data.is_empty() => {}
            Some(frame) => frames.push(frame),
            None => self.let_go(),
        }
    }

    pub(super) fn let_go(&mut self) {
        self.frames = None;
    }
}

impl KeptFrame {
    /// `None`: a kind of frame that is not known here.
    fn of(frame: &Frame<Bytes>) -> Option<Self> {
        let data = frame.data_ref().cloned().map(Self::Data);
        data.or_else(|| frame.trailers_ref().cloned().map(Self::Trailers))
    }

    fn to_frame(&self) -> Frame<Bytes> {
        match self {
            Self::Data(data) => Frame::data(data.clone()),
            Self::Trailers(trailers) => Frame::trailers(trailers.clone()),
        }
    }

    const fn bytes(&self) -> u64 {
        match self {
            Self::Data(data) => data.len() as u64,
            Self::Trailers(_) => 0,
        }
    }
}

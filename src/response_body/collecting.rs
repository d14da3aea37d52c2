//! Reads a body to its end, or to its limit.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http_body::Body;
use pin_project_lite::pin_project;

use super::buffer::Buffer;
use super::{Announced, BodyError, Collected};

pin_project! {
    /// Reads a body to its end, or to its limit. Trailers are not kept.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Collecting<B> {
        #[pin]
        body: B,
        so_far: Buffer,
        limit: usize,
        announced: Announced,
    }
}

impl<B> Collecting<B> {
    pub(super) const fn new(body: B, limit: usize, announced: Announced) -> Self {
        Self {
            body,
            so_far: Buffer::new(),
            limit,
            announced,
        }
    }

    /// Ends it here, with what has come.
    pub(crate) fn cut_off(self: Pin<&mut Self>) -> Collected {
        Collected::broken(self.project().so_far.take(), BodyError::late())
    }
}

impl<B: Body<Error = BodyError>> Future for Collecting<B> {
    type Output = Collected;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Collected> {
        loop {
            let next = ready!(self.as_mut().poll_next(cx));
            let so_far = self.as_mut().project().so_far;
            match next {
                Some(Ok(data)) => so_far.push(data),
                Some(Err(error)) => return Poll::Ready(Collected::broken(so_far.take(), error)),
                None => return Poll::Ready(Collected::whole(so_far.take())),
            }
        }
    }
}

impl<B: Body<Error = BodyError>> Collecting<B> {
    /// The next data, if there is room for it and for all that is announced.
    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<B::Data, BodyError>>> {
        let mut this = self.project();
        let room = this.limit.saturating_sub(this.so_far.len());
        loop {
            if *this.announced == Announced::Own && announced(&*this.body) > room as u64 {
                return Poll::Ready(Some(Err(BodyError::oversized(*this.limit))));
            }
            let frame = match ready!(this.body.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            match frame.into_data() {
                Ok(data) if data.remaining() > room => {
                    return Poll::Ready(Some(Err(BodyError::oversized(*this.limit))));
                }
                Ok(data) => return Poll::Ready(Some(Ok(data))),
                Err(_trailers) => {}
            }
        }
    }
}

/// The length that is certain before anything is read. A body that has ended may still announce what
/// it does not have.
fn announced(body: &impl Body) -> u64 {
    if body.is_end_stream() {
        0
    } else {
        body.size_hint().lower()
    }
}

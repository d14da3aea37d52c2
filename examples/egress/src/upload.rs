//! A caller's body that is sent on as it comes.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use seawall::BoxError;
use tokio::time::{Sleep, sleep_until};

use crate::clock;

pin_project! {
    /// A body that has failed once nothing has come of it for so long.
    ///
    /// Left alone, a caller that stalls would use up the attempt's timeout, which is laid at the
    /// gateway's door: a few of them would open its circuit for everybody.
    pub(crate) struct Upload<B> {
        #[pin]
        body: B,
        patience: Duration,
        // While a frame is waited for.
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl<B> Upload<B> {
    /// Patience is to end before the attempt does.
    pub(crate) fn new(body: B, attempt_timeout: Duration) -> Self {
        Self {
            body,
            patience: attempt_timeout / 2,
            sleep: None,
        }
    }
}

impl<B> Body for Upload<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, BoxError>>> {
        let mut this = self.project();
        if let Poll::Ready(frame) = this.body.poll_frame(cx) {
            this.sleep.set(None);
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        if this.sleep.is_none() {
            let end = clock::tokio_now() + *this.patience;
            this.sleep.set(Some(sleep_until(end)));
        }
        if let Some(sleep) = this.sleep.as_pin_mut() {
            ready!(sleep.poll(cx));
        }
        Poll::Ready(Some(Err("the caller's body has stalled".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

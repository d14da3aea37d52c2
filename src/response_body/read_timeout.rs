//! A body whose next frame is not waited for without end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::Sleep;

use super::BodyError;
use crate::{BoxError, clock};

/// A timer seen this much too late says that nobody was waiting when it fired: the reader was
/// away, or the whole runtime was held up.
const UNATTENDED: Duration = Duration::from_secs(1);

pin_project! {
    /// A body whose next frame must come within a timeout.
    ///
    /// Time counts only while the reader waits for a frame. One that takes its time between two
    /// frames, or turns away from a frame that it has begun to wait for, is not punished for that.
    pub(crate) struct ReadTimeout<B> {
        // `None` once it has ended or failed: the connection is given back at once, whoever still
        // holds this.
        #[pin]
        body: Option<B>,
        timeout: Duration,
        // Made once the body is pending: frames that are there need no timer.
        #[pin]
        sleep: Option<Sleep>,
        // Whether the timer runs for the frame that is waited for now.
        waiting: bool,
        // Whether it has begun anew for that frame.
        excused: bool,
    }
}

impl<B> ReadTimeout<B> {
    pub(crate) const fn new(body: B, timeout: Duration) -> Self {
        Self {
            body: Some(body),
            timeout,
            sleep: None,
            waiting: false,
            excused: false,
        }
    }

    /// Ready when the frame has been waited for in vain.
    fn poll_timeout(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        loop {
            let now = clock::now();
            let at = clock::after(now, *this.timeout);
            match this.sleep.as_mut().as_pin_mut() {
                None => this.sleep.set(Some(clock::sleep_until(at))),
                Some(sleep) if !*this.waiting => sleep.reset(at.into()),
                Some(mut sleep) => {
                    ready!(sleep.as_mut().poll(cx));
                    let late = now.saturating_duration_since(sleep.deadline().into());
                    // Once for each frame: else a clock that goes by leaps would never be on time.
                    if late < UNATTENDED || *this.excused {
                        return Poll::Ready(());
                    }
                    *this.excused = true;
                    sleep.reset(at.into());
                }
            }
            *this.waiting = true;
        }
    }
}

impl<B> Body for ReadTimeout<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BodyError>>> {
        let mut this = self.as_mut().project();
        let Some(body) = this.body.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = body.poll_frame(cx) {
            *this.waiting = false;
            *this.excused = false;
            if !matches!(frame, Some(Ok(_))) {
                this.body.set(None);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(BodyError::broken)));
        }
        ready!(self.as_mut().poll_timeout(cx));
        let mut this = self.project();
        this.body.set(None);
        Poll::Ready(Some(Err(BodyError::stalled(*this.timeout))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}

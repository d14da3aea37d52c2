//! The body of a response that counts as under way until its end.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::Report;
use crate::upstream::Place;

pin_project! {
    /// The body of a response, which holds its attempt's place under
    /// [`max_concurrency`](crate::PolicyBuilder::max_concurrency), and may hold the call's
    /// [`Report`].
    ///
    /// The place is given back at the end of the body, at its error, or when this is dropped,
    /// whichever is first. Without such a limit there is none.
    pub struct ThrottledBody<C> {
        #[pin]
        inner: C,
        place: Option<Place>,
        report: Option<Report>,
    }
}

impl<C> ThrottledBody<C> {
    /// Of a response that nothing limits.
    pub(crate) const fn unlimited(inner: C) -> Self {
        Self::new(inner, None)
    }

    /// The same, of a call that is told of here.
    pub(in crate::middleware) const fn reported(inner: C, report: Report) -> Self {
        Self {
            inner,
            place: None,
            report: Some(report),
        }
    }

    pub(super) const fn new(inner: C, place: Option<Place>) -> Self {
        Self {
            inner,
            place,
            report: None,
        }
    }

    pub(crate) const fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    pub(crate) const fn take_report(&mut self) -> Option<Report> {
        self.report.take()
    }

    /// The body by itself. The place is given back now: nobody can tell any more when the body ends.
    /// A [report](Report::of) that is not [in the extensions](Report::move_to_extensions) goes with this.
    pub fn into_inner(self) -> C {
        self.inner
    }
}

impl<C: Body> ThrottledBody<C> {
    /// The same body. If there is nothing in it to be read, as after a HEAD, the place is given back
    /// now, whether it is ever read or not.
    #[must_use]
    pub fn released_if_empty(mut self) -> Self {
        if self.inner.is_end_stream() {
            self.place = None;
        }
        self
    }
}

impl<C: Body> Body for ThrottledBody<C> {
    type Data = C::Data;
    type Error = C::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<C::Data>, C::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) || this.inner.is_end_stream() {
            *this.place = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<C> fmt::Debug for ThrottledBody<C> {
    /// Nothing of the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThrottledBody")
            .field("holds_place", &self.place.is_some())
            .finish_non_exhaustive()
    }
}

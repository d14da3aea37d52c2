//! A future that may have ended before it began: what the layers that refuse a call have in common.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::{BoxError, Error};

pin_project! {
    /// The inner future, its error as ours; or the error of a call that was not passed on.
    pub(crate) struct Refusable<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Passed { #[pin] inner: F },
        Refused { error: Option<Error> },
    }
}

impl<F> Refusable<F> {
    pub(crate) const fn passed(inner: F) -> Self {
        Self {
            state: State::Passed { inner },
        }
    }

    pub(crate) const fn refused(error: Error) -> Self {
        Self {
            state: State::Refused { error: Some(error) },
        }
    }
}

impl<F, T, E> Future for Refusable<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Passed { inner } => inner.poll(cx).map_err(Error::from_inner),
            StateProj::Refused { error } => Poll::Ready(Err(error
                .take()
                .expect("a future is not polled once it was ready"))),
        }
    }
}

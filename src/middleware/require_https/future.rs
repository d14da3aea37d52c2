//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use pin_project_lite::pin_project;

use crate::{BoxError, Error};

pin_project! {
    /// The future of a [`RequireHttps`](super::RequireHttps).
    pub struct RequireHttpsFuture<F> {
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

impl<F> RequireHttpsFuture<F> {
    pub(super) const fn passed(inner: F) -> Self {
        Self {
            state: State::Passed { inner },
        }
    }

    pub(super) const fn refused(error: Error) -> Self {
        Self {
            state: State::Refused { error: Some(error) },
        }
    }
}

impl<F, C, E> Future for RequireHttpsFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<C>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Passed { inner } => inner.poll(cx).map_err(Error::from_inner),
            StateProj::Refused { error } => Poll::Ready(Err(error
                .take()
                .expect("a future is not polled once it was ready"))),
        }
    }
}

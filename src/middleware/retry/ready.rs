//! A service is made ready for a retry.

use std::task::{Context, Poll};

use http::Request;
use tower_service::Service;

use super::call::CallLog;
use crate::policy::{Failure, Progress};
use crate::{BoxError, Error, clock};

impl CallLog {
    /// Makes the service ready for a retry. Its error is the end of the call: nobody else can still say
    /// what became of the attempts before.
    pub(in crate::middleware) fn poll_ready<S, B>(
        &mut self,
        service: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Error>>
    where
        S: Service<Request<B>>,
        S::Error: Into<BoxError>,
    {
        let ready = match service.poll_ready(cx) {
            Poll::Ready(ready) => ready.map_err(Error::before_sending),
            Poll::Pending if self.is_too_late(clock::now()) => {
                Err(Error::unsent(Failure::Deadline(Progress::Unsent)))
            }
            Poll::Pending => return Poll::Pending,
        };
        Poll::Ready(ready.map_err(|error| self.refused_here(error)))
    }
}

//! A call whose first attempt was sent elsewhere.

use std::mem;

use http::{Request, Response};
use tower_service::Service;

use super::RetryFuture;
use super::call::{Began, CallLog};
use super::conclusion::Conclusion;
use super::kept::Kept;
use super::spare::Spare;
use crate::Error;
use crate::body::Replay;
use crate::middleware::Deadline;
use crate::middleware::credentials::Sources;

/// What becomes of such a call.
pub(in crate::middleware) enum Resumed<R, F> {
    Ended(R),
    Retries(F),
}

/// Concludes the first attempt, and makes the rest of the call, if there is one, on this service.
pub(in crate::middleware) fn resume<S, B, C>(
    mut kept: Kept<B>,
    began: Began,
    deadline: Deadline,
    sources: &Sources,
    result: Result<Response<C>, Error>,
    service: impl FnOnce() -> S,
) -> Resumed<Result<Response<C>, Error>, RetryFuture<S, B>>
where
    S: Service<Request<B>>,
    B: Replay,
{
    let mut head = kept.head();
    head.extensions_mut().insert(deadline);
    let mut log = CallLog::of(&head, began, sources);
    let spare = if log.may_retry() {
        Spare::Kept(kept.body_mut())
    } else {
        Spare::NotNeeded
    };
    match log.conclude(result, spare) {
        Conclusion::Return(result) => Resumed::Ended(result),
        Conclusion::Retry(at) => {
            log.pass_down(&mut head);
            *kept.extensions_mut() = mem::take(head.extensions_mut());
            Resumed::Retries(RetryFuture::again(service(), kept, log, at))
        }
    }
}

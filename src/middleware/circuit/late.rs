//! An attempt whose status comes behind its head, in trailers.

use std::sync::{Arc, OnceLock};

use http::{HeaderMap, Response, StatusCode};

use super::admitted::Admitted;
use crate::clock;
use crate::event::AttemptEnd;
use crate::policy::circuit::Ending;
use crate::policy::classify::{self, Health, Outcome};
use crate::policy::{Failure, grpc};

/// On a response: its status is still to come. The circuit above leaves the attempt here, and whoever
/// reads the body tells how it ended. If nobody does, it is abandoned: the caller read no further.
///
/// Nothing is told while there is another copy of it. So the circuit takes it from the response.
#[cfg_attr(
    not(feature = "tonic"),
    allow(dead_code, reason = "only gRPC has its status in trailers")
)]
#[derive(Clone, Debug, Default)]
pub(crate) struct LateStatus(Arc<OnceLock<Answered>>);

/// An attempt whose head is there.
#[derive(Debug)]
struct Answered {
    admitted: Admitted,
    /// By the head alone: what it took, too.
    ending: Ending,
}

impl LateStatus {
    /// For the circuit, if there is one.
    pub(super) fn keep(self, admitted: Admitted, ending: Ending) {
        // One that is kept already stays: the other is abandoned.
        let _ = self.0.set(Answered { admitted, ending });
    }
}

#[cfg_attr(
    not(feature = "tonic"),
    allow(dead_code, reason = "only gRPC has its status in trailers")
)]
impl LateStatus {
    /// Announces it on this response.
    pub(crate) fn of<C>(response: &mut Response<C>) -> Self {
        let late = Self::default();
        response.extensions_mut().insert(late.clone());
        late
    }

    /// The trailers are there.
    pub(crate) fn told(self, trailers: &HeaderMap) {
        self.finish(match grpc::stated(trailers) {
            Some(Ok(())) => AttemptEnd::Status(StatusCode::OK),
            Some(Err(code)) => AttemptEnd::Grpc(code),
            None => AttemptEnd::Failure(Failure::Incomplete),
        });
    }

    /// There will be none.
    pub(crate) fn failed(self, failure: Failure) {
        self.finish(AttemptEnd::Failure(failure));
    }

    fn finish(self, end: AttemptEnd) {
        let answered = Arc::into_inner(self.0).and_then(OnceLock::into_inner);
        if let Some(Answered {
            mut admitted,
            ending,
        }) = answered
        {
            let ending = Ending {
                health: health_of(end),
                // A Retry-After so late closes no gate: gRPC has its pushback for that.
                rate_limited: end.status() == Some(StatusCode::TOO_MANY_REQUESTS),
                ..ending
            };
            admitted.finish(clock::now(), &ending, Some(end));
        }
    }
}

fn health_of(end: AttemptEnd) -> Health {
    match end {
        AttemptEnd::Status(status) => classify::health_of(status),
        AttemptEnd::Grpc(code) => classify::health_of(code.equivalent()),
        AttemptEnd::Failure(failure) => classify::health(&Outcome::Failure(failure)),
    }
}

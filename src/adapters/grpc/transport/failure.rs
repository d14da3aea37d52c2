//! From a channel's error to the way an attempt ended: by type, never by text.

use std::error::Error as StdError;
use std::io;

use tonic::{ConnectError, TimeoutExpired};

use crate::policy::Failure;
use crate::{BoxError, Error, TransportError};

/// The error of an attempt. What a stack of this library below has said stays as it is. `known`: what
/// this side knows better than the error, of what [`failure`] has made of it.
pub(super) fn classified(
    error: impl Into<BoxError>,
    known: impl FnOnce(Proof) -> Option<Failure>,
) -> Error {
    let error = error.into();
    if error.is::<Error>() || error.is::<TransportError>() {
        return Error::from_inner(error);
    }
    let proof = proof(&*error);
    let failure = known(proof).unwrap_or(match proof {
        Proof::Failed(failure) => failure,
        Proof::TimedOut | Proof::Nothing => Failure::Other,
    });
    Error::from_inner(TransportError::new(failure, error))
}

/// What an error proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Failed(Failure),
    /// The channel's own clock, which follows `grpc-timeout`.
    TimedOut,
    Nothing,
}

/// Only the outermost error is believed: further down it may be another call's, that of a body's own
/// source for one.
fn proof(error: &(dyn StdError + 'static)) -> Proof {
    let of_channel = error.downcast_ref::<tonic::transport::Error>();
    let inner = of_channel.map_or(Some(error), StdError::source);
    let Some(inner) = inner else {
        return Proof::Nothing;
    };
    if let Some(ConnectError(cause)) = inner.downcast_ref() {
        return Proof::Failed(without_a_connection(&**cause));
    }
    if inner.is::<TimeoutExpired>() {
        return Proof::TimedOut;
    }
    if let Some(error) = inner.downcast_ref::<hyper::Error>() {
        return on_a_connection(error);
    }
    // A channel gives its connector's error as it is, and on a connection only those of hyper. So it
    // ends a connector of the user's own that has taken too long.
    match inner.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) if of_channel.is_some() => {
            Proof::Failed(Failure::ConnectTimeout)
        }
        _ => Proof::Nothing,
    }
}

/// All that lies below is the connector's own.
fn without_a_connection(cause: &(dyn StdError + 'static)) -> Failure {
    let kind = first::<io::Error>(cause).map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::ConnectionRefused) => Failure::Refused,
        Some(io::ErrorKind::TimedOut) => Failure::ConnectTimeout,
        _ => Failure::Connect,
    }
}

fn on_a_connection(error: &hyper::Error) -> Proof {
    // What lies below is the body's own, whatever its types.
    if error.is_user() {
        return Proof::Nothing;
    }
    // The request was still in the connection's queue, and came back whole.
    if error.is_canceled() {
        return Proof::Failed(Failure::Unsent);
    }
    if let Some(error) = first::<h2::Error>(error) {
        return of_http2(error);
    }
    if error.is_incomplete_message() {
        return Proof::Failed(Failure::Incomplete);
    }
    if error.is_parse() {
        return Proof::Failed(Failure::Malformed);
    }
    // A ping went unanswered: the connection is lost.
    if error.is_timeout() {
        return Proof::Failed(Failure::Reset);
    }
    first::<io::Error>(error).map_or(Proof::Nothing, |error| of_io(error.kind()))
}

fn of_http2(error: &h2::Error) -> Proof {
    if let Some(error) = error.get_io() {
        return of_io(error.kind());
    }
    // A protocol error that this side has found.
    if error.is_library() {
        return Proof::Failed(Failure::Malformed);
    }
    // A stream above GOAWAY's last was not processed. But hyper gives that error to streams below it
    // too, when the GOAWAY comes in the moment before their body is asked for; nobody can tell here.
    if !error.is_remote() || error.is_go_away() {
        return Proof::Nothing;
    }
    match error.reason() {
        Some(h2::Reason::REFUSED_STREAM) => Proof::Failed(Failure::Unsent),
        Some(reason) => Proof::Failed(Failure::Stream(reason.into())),
        None => Proof::Nothing,
    }
}

const fn of_io(kind: io::ErrorKind) -> Proof {
    match kind {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        | io::ErrorKind::TimedOut
        | io::ErrorKind::UnexpectedEof => Proof::Failed(Failure::Reset),
        _ => Proof::Nothing,
    }
}

/// The first error of type `T` in the chain of causes, through the `io::Error`s that wrap one.
fn first<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;

//! From the pool's error to the way an attempt ended: by type and phase, never by text.

use std::error::Error;
use std::io;

use hyper_util::client::legacy;

use crate::body::send_gate::{BodyFailed, Revoked};
use crate::policy::Failure;

/// Whether an HTTP/2 GOAWAY from the server proves that the request was not processed.
///
/// A stream above GOAWAY's last stream id gets the GOAWAY as its error, which is proof. But hyper
/// also hands the same error to a stream that it has just opened, when GOAWAY arrives within the
/// moment before it starts to send the body. Such a stream can be at or below the last id, and its
/// head still goes out: a server that shut down gently has been seen to get the whole of a request
/// without a body, and to answer it to nobody. A body that was polled was past that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goaway {
    Unsent,
    Unknown,
}

impl Goaway {
    /// The empty body of a safe method is never polled. There is nothing that such a request could
    /// have done twice, so the error is taken at its word.
    pub(crate) const fn of(body_polled: bool, empty_and_safe: bool) -> Self {
        if body_polled || empty_and_safe {
            Self::Unsent
        } else {
            Self::Unknown
        }
    }
}

/// How the attempt ended, as far as `error` proves it.
///
/// Without a connection nothing was written, and `connecting` says what kept it from coming about.
/// Only there may it look for the connector's errors: a body may fail with an error of another
/// call's connector inside it.
pub(crate) fn failure(
    error: &legacy::Error,
    goaway: Goaway,
    connecting: impl FnOnce(&legacy::Error) -> Failure,
) -> Failure {
    if error.connect_info().is_none() {
        return connecting(error);
    }
    match error.source().and_then(<dyn Error>::downcast_ref) {
        Some(error) => on_a_connection(error, goaway),
        None => Failure::Other,
    }
}

fn on_a_connection(error: &hyper::Error, goaway: Goaway) -> Failure {
    // First, because what lies below is the body's own, whatever its types: another call's
    // REFUSED_STREAM, say.
    if error.is_user() {
        return body_failure(error);
    }
    // The request was still in the connection's queue, and came back whole.
    if error.is_canceled() {
        return Failure::Unsent;
    }
    if let Some(error) = find::<h2::Error>(error) {
        return h2_failure(error, goaway);
    }
    if error.is_incomplete_message() {
        return Failure::Incomplete;
    }
    if error.is_parse() {
        return Failure::Malformed;
    }
    // A ping went unanswered: the connection is lost.
    if error.is_timeout() {
        return Failure::Reset;
    }
    find::<io::Error>(error).map_or(Failure::Other, io_failure)
}

/// A body that fails at its first poll proves that nothing was sent with HTTP/1.1, where the head
/// is flushed together with what that poll brings. With HTTP/2 the head may have gone before, by a
/// task of its own; there the stream is reset, and the body's error does not come here.
///
/// hyper calls more than the body's errors the user's: a lost connection task is among them, and
/// proves nothing.
fn body_failure(error: &hyper::Error) -> Failure {
    let Some(source) = error.source() else {
        return Failure::Other;
    };
    if source.is::<Revoked>() {
        return Failure::Unsent;
    }
    match source.downcast_ref::<BodyFailed>() {
        Some(body) if body.at_first_poll() => Failure::InvalidRequest,
        _ => Failure::Other,
    }
}

pub(crate) fn h2_failure(error: &h2::Error, goaway: Goaway) -> Failure {
    if let Some(error) = error.get_io() {
        return io_failure(error);
    }
    // A protocol error that this side has found.
    if error.is_library() {
        return Failure::Malformed;
    }
    if !error.is_remote() {
        return Failure::Other;
    }
    match error.reason() {
        _ if error.is_go_away() => match goaway {
            Goaway::Unsent => Failure::Unsent,
            Goaway::Unknown => Failure::Other,
        },
        Some(h2::Reason::REFUSED_STREAM) => Failure::Unsent,
        Some(reason) => Failure::Stream(reason.into()),
        None => Failure::Other,
    }
}

fn io_failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        | io::ErrorKind::TimedOut
        | io::ErrorKind::UnexpectedEof => Failure::Reset,
        _ => Failure::Other,
    }
}

/// What broke the handshake: a certificate that is not trusted, or anything else. An end of file
/// carries no TLS error at all, and is still the handshake's.
pub(crate) fn tls_failure(error: &(dyn Error + 'static)) -> Failure {
    match find::<rustls::Error>(error) {
        Some(rustls::Error::InvalidCertificate(_)) => Failure::Certificate,
        _ => Failure::Tls,
    }
}

/// The first error of type `T` in the chain of causes.
///
/// `io::Error::source` skips the error that it wraps, so the way goes through `get_ref`.
pub(crate) fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_inside_an_io_error_is_found_though_source_skips_it() {
        let inner = rustls::Error::DecryptError;
        let error = io::Error::other(io::Error::other(inner));

        assert!(error.source().is_none(), "the trap: {error:?}");
        assert!(find::<rustls::Error>(&error).is_some());
        assert!(find::<h2::Error>(&error).is_none());
    }

    #[test]
    fn a_goaway_needs_a_polled_body_for_proof_unless_the_request_changes_nothing() {
        assert_eq!(Goaway::of(true, false), Goaway::Unsent);
        assert_eq!(Goaway::of(false, true), Goaway::Unsent);
        assert_eq!(Goaway::of(false, false), Goaway::Unknown);
    }

    #[test]
    fn an_io_error_is_a_reset_only_when_the_connection_is_gone() {
        assert_eq!(
            io_failure(&io::ErrorKind::UnexpectedEof.into()),
            Failure::Reset
        );
        assert_eq!(
            io_failure(&io::ErrorKind::BrokenPipe.into()),
            Failure::Reset
        );
        assert_eq!(
            io_failure(&io::ErrorKind::InvalidData.into()),
            Failure::Other
        );
    }
}

//! The error of any inner service, as ours.

use std::error::Error as StdError;
use std::io;

use super::Error;
use crate::BoxError;
use crate::policy::Failure;
use crate::transport_error::TransportError;

impl Error {
    /// Takes an inner service's error: one of ours as it is, any other by what its types prove.
    pub(crate) fn from_inner(error: impl Into<BoxError>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(ours) => *ours,
            Err(foreign) => Self::transport(failure_of(foreign.as_ref())).with_source(foreign),
        }
    }
}

/// What a foreign error proves. Only the transport itself can prove that nothing was sent: one of
/// our transport errors on the outside, bare or in an `io::Error`. Deeper down it may be another
/// call's, that of a body's own source for one; and a refused connection may be that of a service
/// behind the one that was called.
fn failure_of(error: &(dyn StdError + 'static)) -> Failure {
    if let Some(transport) = error.downcast_ref::<TransportError>() {
        return transport.failure();
    }
    let Some(io) = error.downcast_ref::<io::Error>() else {
        return failure_within(error.source());
    };
    // `source()` of an `io::Error` skips the error it wraps.
    match io
        .get_ref()
        .map(<dyn StdError + Send + Sync>::downcast_ref::<TransportError>)
    {
        Some(Some(transport)) => transport.failure(),
        Some(None) => Failure::Other,
        None => failure_of_io(io.kind()),
    }
}

/// The first `io::Error` below tells how the connection broke; it never tells that nothing was sent.
fn failure_within(mut next: Option<&(dyn StdError + 'static)>) -> Failure {
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return failure_of_io(io.kind());
        }
        next = error.source();
    }
    Failure::Other
}

fn failure_of_io(kind: io::ErrorKind) -> Failure {
    match kind {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => Failure::Reset,
        io::ErrorKind::UnexpectedEof => Failure::Incomplete,
        _ => Failure::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(error: impl Into<BoxError>) -> Option<Failure> {
        Error::from_inner(error).failure()
    }

    #[test]
    fn our_own_error_passes_through_unchanged() {
        let ours = Error::transport(Failure::Dns);
        assert_eq!(failure(ours), Some(Failure::Dns));
    }

    #[test]
    fn a_transport_error_is_found_inside_an_io_error() {
        let inner = TransportError::new(Failure::Unsent, "handed back");
        assert_eq!(failure(io::Error::other(inner)), Some(Failure::Unsent));
    }

    #[test]
    fn an_io_error_shows_by_its_kind_never_by_its_text() {
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(failure(reset), Some(Failure::Reset));
        let lookalike = io::Error::other("connection refused");
        assert_eq!(failure(lookalike), Some(Failure::Other));
    }

    #[test]
    fn what_failed_behind_the_service_proves_nothing_about_the_call() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(failure(refused), Some(Failure::Other));
        // Another call's error, as the cause of a body that broke.
        let behind = TransportError::new(Failure::Refused, "another call");
        let outside = TransportError::new(Failure::Reset, behind);
        assert_eq!(failure(io::Error::other(outside)), Some(Failure::Reset));
    }

    #[test]
    fn of_a_stranger_nothing_is_known() {
        assert_eq!(failure("dns error"), Some(Failure::Other));
        assert!(Error::from_inner("dns error").is_unknown());
    }
}

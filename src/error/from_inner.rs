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

/// What a foreign error proves: our own transport errors say it; an `io::Error` shows it. All else
/// is `Other`, of which nothing is known.
fn failure_of(error: &(dyn StdError + 'static)) -> Failure {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(transport) = error.downcast_ref::<TransportError>() {
            return transport.failure();
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            match io.get_ref() {
                // `source()` of an `io::Error` skips the error it wraps.
                Some(wrapped) => {
                    next = Some(wrapped);
                    continue;
                }
                None => return failure_of_io(io.kind()),
            }
        }
        next = error.source();
    }
    Failure::Other
}

fn failure_of_io(kind: io::ErrorKind) -> Failure {
    match kind {
        io::ErrorKind::ConnectionRefused => Failure::Refused,
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
    fn of_a_stranger_nothing_is_known() {
        assert_eq!(failure("dns error"), Some(Failure::Other));
        assert!(Error::from_inner("dns error").is_unknown());
    }
}

//! The error of an attempt that brought no response.

use std::error::Error;
use std::fmt;

use crate::BoxError;
use crate::policy::Failure;

/// Why an attempt brought no response, with the error that caused it.
///
/// The client's transport returns it. A transport of your own returns it too, and so tells the
/// layers what the server may have done with the request; any other error type counts as
/// [`Failure::Other`], whose delivery is unknown. Claim [`Failure::Unsent`] or a connect failure
/// only where no byte of the request can have been acted on: such a request is sent again.
///
/// Its text is that of the failure. The cause is behind [`source`](Error::source).
///
/// ```
/// use std::io;
/// use seawall::TransportError;
/// use seawall::policy::{Delivery, Failure};
///
/// let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
/// let error = TransportError::new(Failure::Refused, refused);
///
/// assert_eq!(error.failure().delivery(), Delivery::NotSent);
/// assert_eq!(error.to_string(), "the connection was refused");
/// ```
#[derive(Debug)]
pub struct TransportError {
    failure: Failure,
    source: BoxError,
}

impl TransportError {
    /// An attempt that ended with `failure`, because of `source`.
    ///
    /// `source` may be shown to people and logged: no header values, bodies or query strings.
    pub fn new(failure: Failure, source: impl Into<BoxError>) -> Self {
        Self {
            failure,
            source: source.into(),
        }
    }

    /// The way the attempt ended.
    #[must_use]
    pub const fn failure(&self) -> Failure {
        self.failure
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

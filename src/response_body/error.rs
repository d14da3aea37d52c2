//! Why a response body could not be had.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::BoxError;
use crate::policy::Failure;

/// Why the body of a response could not be had, though its head came.
///
/// It is the [`source`](Error::source) of an [`Error`](crate::Error) of kind
/// [`Body`](crate::ErrorKind::Body), directly or behind a
/// [`TransportError`](crate::TransportError), and tells apart what that kind joins.
#[derive(Clone, Debug)]
pub struct BodyError {
    problem: Problem,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

#[derive(Clone, Copy, Debug)]
enum Problem {
    Broken,
    Stalled { timeout: Duration },
    Late,
    Oversized { limit: usize },
}

impl BodyError {
    pub(crate) fn broken(source: impl Into<BoxError>) -> Self {
        Self {
            source: Some(Arc::from(source.into())),
            ..Self::of(Problem::Broken)
        }
    }

    /// No frame came within the read timeout.
    pub(crate) const fn stalled(timeout: Duration) -> Self {
        Self::of(Problem::Stalled { timeout })
    }

    /// The attempt's time ran out while the body came.
    pub(crate) const fn late() -> Self {
        Self::of(Problem::Late)
    }

    pub(crate) const fn oversized(limit: usize) -> Self {
        Self::of(Problem::Oversized { limit })
    }

    const fn of(problem: Problem) -> Self {
        Self {
            problem,
            source: None,
        }
    }

    /// Whether time ran out on this side: the read timeout's, or the attempt's.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self.problem, Problem::Stalled { .. } | Problem::Late)
    }

    /// Whether the body is longer than the limit.
    #[must_use]
    pub const fn is_oversized(&self) -> bool {
        matches!(self.problem, Problem::Oversized { .. })
    }

    /// The same as the end of an attempt.
    pub(crate) const fn failure(&self) -> Failure {
        match self.problem {
            Problem::Oversized { limit } => Failure::OversizedBody { limit },
            Problem::Broken | Problem::Stalled { .. } | Problem::Late => Failure::BrokenBody,
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::Broken | Problem::Oversized { .. } => self.failure().fmt(f),
            Problem::Stalled { timeout } => write!(
                f,
                "the response body stalled: nothing more of it came within the read timeout of \
                 {timeout:?}"
            ),
            Problem::Late => f.write_str("the response body was not whole when time ran out"),
        }
    }
}

impl Error for BodyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

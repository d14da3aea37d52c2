//! An upstream in use.

use std::ops::Deref;
use std::sync::Arc;

use super::Upstream;
use super::home::Seat;

/// An upstream in use: while this is there, it is not forgotten.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// Counted where all threads count.
    Counted(Arc<Upstream>),
    /// Counted where one lane of threads counts.
    AtHome(Arc<Seat>),
}

impl Deref for Held {
    type Target = Arc<Upstream>;

    fn deref(&self) -> &Arc<Upstream> {
        match self {
            Self::Counted(upstream) => upstream,
            Self::AtHome(seat) => &seat.upstream,
        }
    }
}

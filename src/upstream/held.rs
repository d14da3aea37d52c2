//! An upstream in use.

use std::ops::Deref;
use std::sync::Arc;

use http::Uri;

use super::Upstream;
use super::at_hand::{Destination, Leads};

/// An upstream in use: while this is there, it is not forgotten.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// Counted where all threads count.
    Counted(Arc<Upstream>),
    /// Counted where one lane of threads counts.
    AtHand(Arc<Seat>),
}

/// An upstream that is kept at hand.
#[derive(Debug)]
pub(crate) struct Seat {
    destination: Destination,
    pub(super) upstream: Arc<Upstream>,
}

impl Seat {
    pub(super) fn of(uri: &Uri, upstream: &Arc<Upstream>) -> Self {
        Self {
            destination: Destination::of(uri),
            upstream: Arc::clone(upstream),
        }
    }

    pub(super) fn is_remembered(&self) -> bool {
        !self.upstream.is_forgotten()
    }
}

impl Leads for Seat {
    fn destination(&self) -> &Destination {
        &self.destination
    }
}

impl Deref for Held {
    type Target = Arc<Upstream>;

    fn deref(&self) -> &Arc<Upstream> {
        match self {
            Self::Counted(upstream) => upstream,
            Self::AtHand(seat) => &seat.upstream,
        }
    }
}

#[cfg(test)]
#[path = "held_tests.rs"]
mod tests;

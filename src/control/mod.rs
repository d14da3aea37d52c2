//! What an operator sees of the upstreams at run time, and does with them.

mod snapshot;
#[cfg(feature = "serde")]
mod written;

use std::fmt;

pub use self::snapshot::{ClosedGate, Snapshot};
use crate::Upstreams;

/// A handle on the upstreams of a client or a layer, for whoever operates them.
///
/// Clones share everything.
///
/// ```
/// use seawall::{Policy, Upstreams};
///
/// let control = Upstreams::new(Policy::external()).control();
/// for snapshot in control.snapshots() {
///     println!("{}: {}", snapshot.upstream, snapshot.state.as_str());
/// }
/// ```
#[derive(Clone)]
pub struct Control {
    upstreams: Upstreams,
}

impl Control {
    pub(crate) const fn new(upstreams: Upstreams) -> Self {
        Self { upstreams }
    }

    /// The names of the upstreams that are known, sorted: those that were called and not forgotten.
    /// `overflow` is what newcomers share when no more can be remembered.
    #[must_use]
    pub fn upstreams(&self) -> Vec<String> {
        let known = self.upstreams.known();
        known
            .iter()
            .map(|upstream| upstream.name().to_string())
            .collect()
    }

    /// What is to be seen of each, sorted by name.
    #[must_use]
    pub fn snapshots(&self) -> Vec<Snapshot> {
        let known = self.upstreams.known();
        known
            .iter()
            .map(|upstream| Snapshot::of(upstream))
            .collect()
    }

    /// What is to be seen of this one; `None` if it was never called, or is forgotten. Its name is
    /// written as in [`upstreams`](Self::upstreams).
    #[must_use]
    pub fn snapshot(&self, upstream: &str) -> Option<Snapshot> {
        let known = self.upstreams.known();
        let found = known.iter().find(|known| **known.name() == *upstream)?;
        Some(Snapshot::of(found))
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("upstreams", &self.upstreams())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

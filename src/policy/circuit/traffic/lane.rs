//! What one thread counts of the traffic.

use crate::policy::circuit::latency::Latency;
use crate::policy::newest::{Counted, Newest};

/// What a thread counts by itself while an upstream is healthy. One word takes what begins, one what
/// succeeds.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// [`Begun`], packed.
    pub(super) begun: Newest,
    pub(super) succeeded: Newest,
    pub(super) times: Latency,
}

impl Lane {
    pub(super) const fn new() -> Self {
        Self {
            begun: Newest::new(),
            succeeded: Newest::new(),
            times: Latency::new(),
        }
    }
}

/// Calls that arrived, and attempts that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) arrived: u16,
    pub(super) sent: u16,
}

impl Begun {
    /// The highest bit of either.
    pub(super) const FULL: u32 = 0x8000_8000;
    pub(super) const ARRIVED: Self = Self {
        arrived: 1,
        sent: 0,
    };
    pub(super) const SENT: Self = Self {
        arrived: 0,
        sent: 1,
    };
    #[cfg(feature = "middleware")]
    pub(super) const ARRIVED_AND_SENT: Self = Self {
        arrived: 1,
        sent: 1,
    };

    pub(super) const fn pack(self) -> u32 {
        (self.arrived as u32) << 16 | self.sent as u32
    }

    pub(super) const fn of(counted: Counted) -> Self {
        Self {
            arrived: (counted.counts >> 16) as u16,
            sent: counted.counts as u16,
        }
    }
}

/// The highest bit of the count of successes.
pub(super) const FULL: u32 = 1 << 31;

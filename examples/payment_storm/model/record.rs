//! What happened in a run: what the gateway saw, and what became of each payment.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Everything a fleet's metrics are computed from.
#[derive(Debug)]
pub(crate) struct FleetRecord {
    pub(crate) gateway: GatewayRecord,
    /// By payment id.
    pub(crate) payments: Vec<PaymentRecord>,
}

/// The gateway's side, by second since the start of the run.
#[derive(Debug)]
pub(crate) struct GatewayRecord {
    /// Requests that reached it, whatever it answered.
    pub(crate) offered: PerSecond,
    /// Requests it refused because its queue was full.
    pub(crate) refused: PerSecond,
    /// The most requests outstanding.
    pub(crate) outstanding: PerSecond,
    /// Charges in its ledger, by payment id.
    pub(crate) charges: Vec<u32>,
}

impl GatewayRecord {
    pub(crate) fn new(end: Duration) -> Self {
        Self {
            offered: PerSecond::new(end),
            refused: PerSecond::new(end),
            outstanding: PerSecond::new(end),
            charges: Vec::new(),
        }
    }
}

/// One number for each second of a run.
#[derive(Clone, Debug)]
pub(crate) struct PerSecond(Vec<u32>);

impl PerSecond {
    pub(crate) fn new(end: Duration) -> Self {
        Self(vec![0; end.as_secs() as usize])
    }

    /// Counts one event. What happens at or after the end of the run is not part of it.
    pub(crate) fn add(&mut self, at: Duration) {
        if let Some(count) = self.0.get_mut(at.as_secs() as usize) {
            *count += 1;
        }
    }

    /// Keeps the larger of what is known of this second and `value`.
    pub(crate) fn raise(&mut self, at: Duration, value: usize) {
        if let Some(known) = self.0.get_mut(at.as_secs() as usize) {
            *known = (*known).max(u32::try_from(value).unwrap_or(u32::MAX));
        }
    }

    /// The seconds of `[from, to)`, both rounded up to whole seconds.
    pub(crate) fn between(&self, from: Duration, to: Duration) -> &[u32] {
        let index = |at: Duration| (at.as_secs_f64().ceil() as usize).min(self.0.len());
        self.0.get(index(from)..index(to)).unwrap_or_default()
    }

    pub(crate) fn all(&self) -> &[u32] {
        &self.0
    }
}

/// One payment, as its application sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PaymentRecord {
    pub(crate) arrived: Duration,
    /// Calls begun.
    pub(crate) calls: u32,
    /// When its next step began or is due: while it waits for a retry, the time of that retry.
    pub(crate) due: Duration,
    pub(crate) end: Option<(Duration, End)>,
}

/// How a payment ended for its application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Paid,
    /// Told, finally, that it was not paid.
    GaveUp,
    /// Told that nobody knows: ask the provider.
    Unknown,
}

impl PaymentRecord {
    pub(crate) fn new(arrived: Duration) -> Self {
        Self {
            arrived,
            calls: 0,
            due: arrived,
            end: None,
        }
    }

    pub(crate) fn paid_at(&self) -> Option<Duration> {
        match self.end {
            Some((at, End::Paid)) => Some(at),
            _ => None,
        }
    }

    pub(crate) fn paid_at_first_call(&self) -> bool {
        self.calls == 1 && self.paid_at().is_some()
    }

    /// Neither paid nor reported by `at`.
    pub(crate) fn is_open_at(&self, at: Duration) -> bool {
        self.arrived < at && self.end.is_none_or(|(end, _)| end >= at)
    }
}

/// A lock that another thread's panic does not take away: that panic is reported where it is joined.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

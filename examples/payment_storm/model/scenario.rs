//! What is simulated: the fleet, the gateway and the times, with the incident's figures as defaults.

use serde::{Serialize, Serializer};
use std::time::Duration;

/// The parameters of a storm; the same for every fleet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) services: u32,
    /// Instances of each service. Each has a client of its own.
    pub(crate) instances: u32,
    /// Mean arrivals per minute over the whole fleet.
    pub(crate) payments_per_minute: f64,
    /// Length of the window, in whole seconds.
    #[serde(rename = "maintenance_s", serialize_with = "seconds")]
    pub(crate) maintenance: Duration,
    pub(crate) retry_after: RetryAfter,
    /// Outstanding requests the gateway holds before it answers 503 at once.
    pub(crate) queue_limit: usize,
    /// Requests per second right after a restart, or while the queue is full.
    pub(crate) cold_rate: f64,
    /// Requests per second once warm.
    pub(crate) warm_rate: f64,
    /// Attempt timeout of `legacy`, `backoff` and `peer`. The seawall fleets keep their preset's.
    #[serde(rename = "client_timeout_s", serialize_with = "seconds")]
    pub(crate) client_timeout: Duration,
    /// From the window's start to the end of the run, in whole seconds.
    #[serde(rename = "horizon_s", serialize_with = "seconds")]
    pub(crate) horizon: Duration,
    /// Probability that a served request is charged and its connection then breaks.
    pub(crate) commit_then_drop: f64,
    #[serde(skip)]
    pub(crate) times: Times,
}

/// The times that no flag sets: the incident's, or those of a storm short enough for a real clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    /// Healthy time before the window, so that clients have a history.
    pub(crate) healthy: Duration,
    /// Arrivals stop this long before the horizon, so that what can finish does.
    pub(crate) quiet: Duration,
    /// How long a restarted gateway takes from its cold to its warm rate.
    pub(crate) warm_up: Duration,
    /// How long a fleet has to be well to count as recovered, in whole seconds.
    pub(crate) steady: Duration,
    /// Between the legacy client's second, third and fourth request.
    pub(crate) legacy_step: Duration,
    /// How long an impatient application waits before it calls again.
    pub(crate) requeue_pause: Duration,
}

impl Times {
    pub(crate) const INCIDENT: Self = Self {
        healthy: Duration::from_secs(600),
        quiet: Duration::from_secs(600),
        warm_up: Duration::from_secs(120),
        steady: Duration::from_secs(60),
        legacy_step: Duration::from_secs(1),
        requeue_pause: Duration::from_secs(2),
    };
}

/// What the gateway's 503 says during the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    /// The same number of seconds from the first minute to the last, as in the incident.
    Seconds(u64),
    /// The HTTP-date of the window's end.
    Date,
    /// No header at all.
    None,
}

impl Default for Scenario {
    /// The incident of November 2025.
    fn default() -> Self {
        Self {
            seed: 1,
            services: 14,
            instances: 3,
            payments_per_minute: 910.0,
            maintenance: Duration::from_secs(1200),
            retry_after: RetryAfter::Seconds(1200),
            queue_limit: 1200,
            cold_rate: 18.0,
            warm_rate: 40.0,
            client_timeout: Duration::from_secs(5),
            horizon: Duration::from_secs(7200),
            commit_then_drop: 0.0,
            times: Times::INCIDENT,
        }
    }
}

impl Scenario {
    /// Clients in the fleet.
    pub(crate) fn clients(&self) -> u32 {
        self.services * self.instances
    }

    /// Mean payments per second of one client.
    pub(crate) fn mean_per_client(&self) -> f64 {
        self.payments_per_minute / 60.0 / f64::from(self.clients())
    }

    pub(crate) fn timeline(&self) -> Timeline {
        let end = self.times.healthy + self.horizon;
        Timeline {
            window_start: self.times.healthy,
            window_end: self.times.healthy + self.maintenance,
            arrivals_end: end.saturating_sub(self.times.quiet),
            end,
        }
    }
}

/// The moments of a run, counted from its start (which the reports call t = -600 s).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    /// t = 0 of the reports.
    pub(crate) window_start: Duration,
    pub(crate) window_end: Duration,
    pub(crate) arrivals_end: Duration,
    pub(crate) end: Duration,
}

impl Timeline {
    pub(crate) fn in_window(&self, at: Duration) -> bool {
        self.window_start <= at && at < self.window_end
    }
}

impl Serialize for RetryAfter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Seconds(seconds) => serializer.serialize_u64(*seconds),
            Self::Date => serializer.serialize_str("date"),
            Self::None => serializer.serialize_str("none"),
        }
    }
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

//! What is shown: the snapshots of a fleet, put together service by service.

use crate::model::application::Tally;
use crate::model::gateway::Seen;
use crate::model::scenario::{Scenario, Timeline};
use seawall::Snapshot;
use seawall::policy::Refusal;
use seawall::policy::circuit::CircuitState;
use std::fmt;
use std::time::Duration;

/// The fleet at one moment.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) clock: StormClock,
    pub(crate) phase: Phase,
    pub(crate) services: Vec<Service>,
    pub(crate) seen: Seen,
    pub(crate) tally: Tally,
}

/// Since the window's start; before it, the time until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StormClock {
    Before(Duration),
    After(Duration),
}

/// What the gateway does, as the fleet cannot know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Healthy,
    /// So much of the window is left.
    Maintenance(Duration),
    Restarted,
}

/// The circuits of one service, one for each instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Service {
    pub(crate) states: States,
    /// Why most of its refusing instances refuse, and for how long the last of them will.
    pub(crate) refusal: Option<Refusal>,
    pub(crate) refused_for: Option<Duration>,
    /// The Retry-After that closed a gate, as the gateway wrote it.
    pub(crate) header: Option<String>,
    /// Calls per second admitted, where something limits them.
    pub(crate) pace: Option<f64>,
    /// Calls per second it is used to.
    pub(crate) normal: f64,
    /// Retries left, of all instances together.
    pub(crate) retries_left: f64,
    pub(crate) waiting: usize,
}

/// How many circuits are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct States {
    pub(crate) closed: usize,
    pub(crate) open: usize,
    pub(crate) half_open: usize,
    pub(crate) paced: usize,
}

impl View {
    /// `snapshots` are those of the instances, in order; `None` for one that has called nobody yet.
    pub(crate) fn of(
        scenario: &Scenario,
        at: Duration,
        snapshots: &[Option<Snapshot>],
        seen: Seen,
        tally: Tally,
    ) -> Self {
        let timeline = scenario.timeline();
        let instances = scenario.instances.max(1) as usize;
        Self {
            clock: StormClock::at(at, &timeline),
            phase: Phase::at(at, &timeline),
            services: snapshots.chunks(instances).map(Service::of).collect(),
            seen,
            tally,
        }
    }

    /// Every circuit of the fleet.
    pub(crate) fn states(&self) -> States {
        let states = self.services.iter().map(|service| service.states);
        states.fold(States::default(), States::and)
    }
}

impl StormClock {
    fn at(at: Duration, timeline: &Timeline) -> Self {
        match at.checked_sub(timeline.window_start) {
            Some(after) => Self::After(after),
            None => Self::Before(timeline.window_start.saturating_sub(at)),
        }
    }

    /// Whether a whole minute has just passed.
    pub(crate) fn is_whole_minute(self) -> bool {
        let (Self::Before(time) | Self::After(time)) = self;
        time.as_secs().is_multiple_of(60)
    }
}

impl Phase {
    fn at(at: Duration, timeline: &Timeline) -> Self {
        if timeline.in_window(at) {
            Self::Maintenance(timeline.window_end.saturating_sub(at))
        } else if at < timeline.window_start {
            Self::Healthy
        } else {
            Self::Restarted
        }
    }
}

impl Service {
    fn of(instances: &[Option<Snapshot>]) -> Self {
        instances.iter().flatten().fold(Self::default(), Self::and)
    }

    fn and(self, snapshot: &Snapshot) -> Self {
        let gate = snapshot.gate.as_ref();
        let header = gate.map(|gate| format!("{} Retry-After: {}", gate.status, gate.header));
        Self {
            states: self.states.and(States::of(snapshot.state)),
            refusal: snapshot.refusal.or(self.refusal),
            refused_for: self.refused_for.max(snapshot.refused_for),
            header: self.header.or(header),
            pace: match (self.pace, snapshot.pace) {
                (Some(sum), Some(pace)) => Some(sum + pace),
                (sum, pace) => sum.or(pace),
            },
            normal: self.normal + snapshot.normal_rate,
            retries_left: self.retries_left + snapshot.retries_left.floor(),
            waiting: self.waiting + snapshot.waiting,
        }
    }
}

impl States {
    fn of(state: CircuitState) -> Self {
        let mut states = Self::default();
        match state {
            CircuitState::Closed => states.closed = 1,
            CircuitState::Open => states.open = 1,
            CircuitState::HalfOpen => states.half_open = 1,
            CircuitState::Paced => states.paced = 1,
            // A state that is younger than this view.
            _ => {}
        }
        states
    }

    fn and(self, other: Self) -> Self {
        Self {
            closed: self.closed + other.closed,
            open: self.open + other.open,
            half_open: self.half_open + other.half_open,
            paced: self.paced + other.paced,
        }
    }

    pub(crate) const fn all(self) -> usize {
        self.closed + self.open + self.half_open + self.paced
    }
}

impl fmt::Display for StormClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(time) => write!(f, "-{}", minutes(*time)),
            Self::After(time) => write!(f, "+{}", minutes(*time)),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Healthy => f.write_str("healthy"),
            Self::Maintenance(left) => write!(f, "maintenance, {} left", minutes(*left)),
            Self::Restarted => f.write_str("restarted"),
        }
    }
}

impl fmt::Display for States {
    /// Those that there are, as `2 closed, 1 open`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [
            (self.closed, "closed"),
            (self.open, "open"),
            (self.half_open, "half-open"),
            (self.paced, "paced"),
        ];
        let there: Vec<String> = named
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        f.write_str(&there.join(", "))
    }
}

/// As `12:34`.
pub(crate) fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

//! Every instrument and every label: the one table of names. `docs/metrics.md` explains them.

/// How one instrument presents itself.
#[derive(Clone, Copy, Debug)]
pub(in crate::event) struct Instrument {
    pub(in crate::event) name: &'static str,
    /// In UCUM, as OpenTelemetry has it; empty: a plain number.
    pub(in crate::event) unit: &'static str,
    pub(in crate::event) help: &'static str,
}

const fn instrument(name: &'static str, unit: &'static str, help: &'static str) -> Instrument {
    Instrument { name, unit, help }
}

/// How long attempts take.
pub(in crate::event) const DURATION: Instrument = instrument(
    "http.client.request.duration",
    "s",
    "Duration of an attempt, to its response head or error",
);

/// How many attempts are under way.
pub(in crate::event) const ACTIVE: Instrument = instrument(
    "http.client.active_requests",
    "{request}",
    "Attempts under way",
);

/// What is counted. The order is that of `ALL`.
#[derive(Clone, Copy, Debug)]
pub(in crate::event) enum Count {
    Attempts,
    Retries,
    RetriesRefused,
    CallsRefused,
    AuthenticationFailures,
}

impl Count {
    pub(in crate::event) const ALL: [Self; 5] = [
        Self::Attempts,
        Self::Retries,
        Self::RetriesRefused,
        Self::CallsRefused,
        Self::AuthenticationFailures,
    ];

    pub(in crate::event) const fn instrument(self) -> Instrument {
        match self {
            Self::Attempts => instrument(
                "seawall.attempts",
                "{attempt}",
                "Attempts, by what they say about the upstream",
            ),
            Self::Retries => instrument(
                "seawall.retries",
                "{retry}",
                "Retries, by how the attempt before them ended",
            ),
            Self::RetriesRefused => instrument(
                "seawall.retries_refused",
                "{call}",
                "Calls without a final answer that were not sent again, by reason",
            ),
            Self::CallsRefused => instrument(
                "seawall.calls_refused",
                "{call}",
                "Attempts refused on this side, by reason",
            ),
            Self::AuthenticationFailures => instrument(
                "seawall.authentication.failures",
                "{attempt}",
                "Attempts answered by 401 or 403",
            ),
        }
    }
}

/// What is shown as it stands. The order is that of `ALL`.
#[derive(Clone, Copy, Debug)]
pub(in crate::event) enum Level {
    BudgetBalance,
    CircuitState,
    GateRemaining,
    ThrottleRate,
}

impl Level {
    pub(in crate::event) const ALL: [Self; 4] = [
        Self::BudgetBalance,
        Self::CircuitState,
        Self::GateRemaining,
        Self::ThrottleRate,
    ];

    pub(in crate::event) const fn instrument(self) -> Instrument {
        match self {
            Self::BudgetBalance => instrument(
                "seawall.budget.balance",
                "{retry}",
                "Retries that the budget has left",
            ),
            Self::CircuitState => instrument(
                "seawall.circuit.state",
                "",
                "1 for the state that the circuit is in, 0 for the others",
            ),
            Self::GateRemaining => instrument(
                "seawall.gate.remaining",
                "s",
                "Time for which a Retry-After still closes the gate",
            ),
            Self::ThrottleRate => instrument(
                "seawall.throttle.rate",
                "{request}/s",
                "Calls per second admitted now; -1: as many as come",
            ),
        }
    }
}

/// The labels.
pub(in crate::event) mod label {
    pub(in crate::event) const METHOD: &str = "http.request.method";
    pub(in crate::event) const STATUS: &str = "http.response.status_code";
    pub(in crate::event) const ERROR: &str = "error.type";
    pub(in crate::event) const ADDRESS: &str = "server.address";
    pub(in crate::event) const PORT: &str = "server.port";
    pub(in crate::event) const SCHEME: &str = "url.scheme";
    pub(in crate::event) const CLIENT: &str = "seawall.client";
    pub(in crate::event) const UPSTREAM: &str = "seawall.upstream";
    pub(in crate::event) const HEALTH: &str = "seawall.health";
    pub(in crate::event) const REASON: &str = "seawall.reason";
    pub(in crate::event) const STATE: &str = "seawall.state";
}

/// Bounds of the buckets of `http.client.request.duration`, in seconds: those that the OpenTelemetry
/// conventions advise. A recorder of the `metrics` facade has to be told of them.
pub const DURATION_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

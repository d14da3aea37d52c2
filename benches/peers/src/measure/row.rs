//! What comes out.

use serde::Serialize;

/// One row: medians, and what is over the row's base.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    pub row: String,
    /// T: cloned from a template; F: freshly built; P: the inner future pends once; else in words.
    pub variant: String,
    /// A call's, the request's own cost included.
    pub median_ns: f64,
    /// Over the base: the bare service in the same variant, unless the row says otherwise.
    pub delta_ns: Option<f64>,
    /// Of one call, over the base. `None` where threads take part.
    pub allocs: Option<i64>,
    /// This row's delta to the one of the peer's row.
    pub ratio_to_tower_resilience: Option<f64>,
    pub ratio_to_tower: Option<f64>,
}

/// The bare service against itself: what a ratio of this run is worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Control {
    pub variant: String,
    /// 1, but for the noise.
    pub ratio: f64,
}

/// What a second worker is worth on one shared upstream.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpeedUp {
    pub row: String,
    pub one_worker_ns: f64,
    pub two_workers_ns: f64,
    /// 2 is perfect, 1 is a second worker for nothing.
    pub speed_up: f64,
}

//! The contests: which rows are measured together, and what each is held against.

mod lookup;
mod refused;
mod retried;
mod success;
mod window;
mod workers;

use tokio::runtime::Runtime;

use crate::measure::{Against, Contest, Control, Row};
pub use workers::speed_ups;

pub(crate) const BARE: &str = "bare service";
pub(crate) const AGAIN: &str = "bare service again";
pub(crate) const TOWER: &str = "tower: timeout, retry, timeout";
pub(crate) const RESILIENCE: &str = "tower-resilience: timelimiter, retry, breaker, timelimiter";

/// Over the bare service.
pub(crate) const OVER_BARE: Against = Against {
    base: Some(BARE),
    tower: None,
    tower_resilience: None,
};

/// Every contest. They need a runtime that was entered, for its timer.
#[must_use]
pub fn all(runtime: &'static Runtime) -> Vec<Contest> {
    vec![
        success::contest(),
        success::circuits(),
        retried::contest(),
        retried::by_the_wall(runtime),
        refused::contest(),
        window::contest(),
        lookup::contest(),
        workers::contest(),
    ]
}

/// How far the same service measured twice lies apart, in each variant: the noise of this run.
#[must_use]
pub fn control(rows: &[Row]) -> Vec<Control> {
    let find = |name: &str, variant: &str| {
        let mut rows = rows.iter();
        rows.find(|row| row.row == name && row.variant == variant)
    };
    let twins = rows.iter().filter(|row| row.row == AGAIN);
    let ratios = twins.filter_map(|again| {
        let first = find(BARE, &again.variant)?;
        Some(Control {
            variant: again.variant.clone(),
            // Round by round, as every delta is.
            ratio: 1.0 + again.delta_ns? / first.median_ns,
        })
    });
    ratios.collect()
}

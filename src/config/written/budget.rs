//! The retry budget, in a file.

use serde::{Deserialize, Serialize};

use crate::policy::budget::BudgetSettings;

/// What is left out is the preset's.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WrittenBudget {
    pub(crate) ratio: Option<f64>,
    pub(crate) floor_per_minute: Option<u32>,
}

impl WrittenBudget {
    /// Ratio and floor; the builder checks them.
    pub(super) fn over(self, preset: BudgetSettings) -> (f64, u32) {
        let ratio = self.ratio.unwrap_or(preset.ratio());
        let floor = self.floor_per_minute;
        (ratio, floor.unwrap_or(preset.floor_per_minute()))
    }
}

impl From<BudgetSettings> for WrittenBudget {
    fn from(budget: BudgetSettings) -> Self {
        Self {
            ratio: Some(budget.ratio()),
            floor_per_minute: Some(budget.floor_per_minute()),
        }
    }
}

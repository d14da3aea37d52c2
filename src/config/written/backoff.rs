//! The wait between attempts, in a file.

use serde::{Deserialize, Serialize};

use super::Span;
use crate::config::Violation;
use crate::policy::backoff::{Backoff, BackoffError, Jitter};

/// What is left out is the preset's.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WrittenBackoff {
    pub(crate) base: Option<Span>,
    pub(crate) multiplier: Option<f64>,
    pub(crate) cap: Option<Span>,
    pub(crate) jitter: Option<Jitter>,
}

impl WrittenBackoff {
    pub(super) fn over(self, preset: Backoff) -> Result<Backoff, Violation> {
        Backoff::new(
            self.base.map_or(preset.base(), Span::into),
            self.multiplier.unwrap_or(preset.multiplier()),
            self.cap.map_or(preset.cap(), Span::into),
            self.jitter.unwrap_or(preset.jitter()),
        )
        .map_err(violation)
    }
}

fn violation(error: BackoffError) -> Violation {
    let settings: &[_] = match error {
        BackoffError::Multiplier { .. } => &["backoff.multiplier"],
        BackoffError::Cap { .. } => &["backoff.base", "backoff.cap"],
        BackoffError::Factor { .. } => &["backoff.jitter"],
    };
    let fix = match error {
        // As a file and a variable say it.
        BackoffError::Factor { .. } => "use 0.3 for ±30 %, or the jitter `none`",
        _ => error.fix(),
    };
    Violation::nonsense(settings, error.problem(), fix)
}

impl From<Backoff> for WrittenBackoff {
    fn from(backoff: Backoff) -> Self {
        Self {
            base: Some(Span(backoff.base())),
            multiplier: Some(backoff.multiplier()),
            cap: Some(Span(backoff.cap())),
            jitter: Some(backoff.jitter()),
        }
    }
}

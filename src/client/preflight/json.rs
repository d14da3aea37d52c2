//! The report as JSON.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{Outcome, PreflightReport, StepReport};

impl Serialize for PreflightReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("PreflightReport", 3)?;
        report.serialize_field("url", &self.url)?;
        report.serialize_field("ok", &self.is_ok())?;
        report.serialize_field("steps", &self.steps)?;
        report.end()
    }
}

impl Serialize for StepReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // To the microsecond: nobody reads more into it.
        let took_ms = self.took.as_micros() as f64 / 1_000.0;
        let (outcome, texts) = texts(&self.outcome);
        let mut step = serializer.serialize_struct("StepReport", 3 + texts.len())?;
        step.serialize_field("step", self.step.as_str())?;
        step.serialize_field("outcome", outcome)?;
        step.serialize_field("took_ms", &took_ms)?;
        for (name, text) in texts {
            step.serialize_field(name, text)?;
        }
        step.end()
    }
}

fn texts(outcome: &Outcome) -> (&'static str, Vec<(&'static str, &str)>) {
    match outcome {
        Outcome::Passed { detail } => ("passed", vec![("detail", detail)]),
        Outcome::Failed {
            problem,
            reason,
            fix,
        } => (
            "failed",
            vec![
                ("problem", problem.as_str()),
                ("reason", reason),
                ("fix", fix),
            ],
        ),
        Outcome::Skipped { why } => ("skipped", vec![("why", why)]),
    }
}

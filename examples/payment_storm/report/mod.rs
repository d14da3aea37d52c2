//! The results, for a person in a terminal, for a program, and as a picture.

mod chart;
mod sparkline;
mod table;

pub(crate) use chart::draw;

use crate::fleet::FleetRun;
use crate::metrics::FleetMetrics;
use crate::model::scenario::Scenario;
use serde::Serialize;
use std::fmt::Write as _;

#[derive(Serialize)]
struct Results<'a> {
    parameters: &'a Scenario,
    fleets: Vec<&'a FleetMetrics>,
}

/// The results as one JSON object.
pub(crate) fn to_json(scenario: &Scenario, runs: &[FleetRun]) -> Result<String, String> {
    let results = Results {
        parameters: scenario,
        fleets: runs.iter().map(|run| &run.metrics).collect(),
    };
    let text = serde_json::to_string_pretty(&results).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

/// The results as text, under 100 columns wide.
pub(crate) fn to_text(scenario: &Scenario, runs: &[FleetRun]) -> String {
    let mut text = heading(scenario);
    text.push('\n');
    text.push_str(&table::comparison(runs));
    text.push('\n');
    text.push_str(&sparkline::per_minute(scenario, runs));
    text
}

/// The results of a run that is too short for a line of minutes.
pub(crate) fn to_short_text(scenario: &Scenario, runs: &[FleetRun]) -> String {
    heading(scenario) + "\n" + &table::comparison(runs)
}

fn heading(scenario: &Scenario) -> String {
    let mut text = String::new();
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        text,
        "{} clients, {} payments/min in all; gateway down for {}, then {} to {} requests/s, \
         queue {} (seed {})",
        scenario.clients(),
        scenario.payments_per_minute,
        humantime::format_duration(scenario.maintenance),
        scenario.cold_rate,
        scenario.warm_rate,
        scenario.queue_limit,
        scenario.seed,
    );
    text
}

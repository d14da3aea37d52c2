//! The rows, as JSON or as a table.

use serde::Serialize;

use crate::end_to_end::Cpu;
use crate::measure::{Control, Row, SpeedUp};

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub struct Output {
    pub rows: Vec<Row>,
    pub control: Vec<Control>,
    pub speed_ups: Vec<SpeedUp>,
    /// Empty without `--e2e`.
    pub end_to_end: Vec<Cpu>,
}

/// # Errors
///
/// None: the rows are plain.
pub fn json(output: &Output) -> serde_json::Result<String> {
    serde_json::to_string(output)
}

/// A readable table.
#[must_use]
pub fn table(output: &Output) -> String {
    let mut lines = vec![format!(
        "{:<60} {:<18} {:>10} {:>10} {:>7} {:>14} {:>9}",
        "row", "variant", "median ns", "delta ns", "allocs", "/ t-resilience", "/ tower"
    )];
    for row in &output.rows {
        lines.push(format!(
            "{:<60} {:<18} {:>10.1} {:>10} {:>7} {:>14} {:>9}",
            row.row,
            row.variant,
            row.median_ns,
            shown(row.delta_ns, 1),
            row.allocs
                .map_or("-".to_owned(), |allocs| allocs.to_string()),
            shown(row.ratio_to_tower_resilience, 3),
            shown(row.ratio_to_tower, 3),
        ));
    }
    for Control { variant, ratio } in &output.control {
        lines.push(format!("control: bare again / bare, {variant}: {ratio:.3}"));
    }
    for it in &output.speed_ups {
        lines.push(format!(
            "speed-up, 2 workers: {}: {:.2}",
            it.row, it.speed_up
        ));
    }
    for cpu in &output.end_to_end {
        lines.push(format!(
            "end to end: {}: {:.0} ns of CPU a request, {:.3} of bare hyper-util",
            cpu.row, cpu.median_ns, cpu.ratio_to_bare
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn shown(figure: Option<f64>, digits: usize) -> String {
    figure.map_or("-".to_owned(), |figure| format!("{figure:.digits$}"))
}

//! Requests per minute as a line of block characters, one for each fleet.

use super::table::thousands;
use crate::fleet::FleetRun;
use crate::model::scenario::Scenario;
use std::fmt::Write as _;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The widest line drawn; longer runs share a column between minutes.
const COLUMNS: usize = 68;
/// One block higher is this many times as many: a storm of ten times stands out, and eight blocks
/// still reach from it down to a single probe.
const STEP: f64 = 2.5;
const LABEL: usize = 18;

/// Every fleet's requests per minute on one logarithmic scale, with the window marked above.
pub(crate) fn per_minute(scenario: &Scenario, runs: &[FleetRun]) -> String {
    let minutes = runs
        .iter()
        .map(|run| run.per_minute.len())
        .max()
        .unwrap_or(0);
    let per_column = minutes.div_ceil(COLUMNS).max(1);
    let lines: Vec<Vec<u32>> = runs
        .iter()
        .map(|run| columns(&run.per_minute, per_column))
        .collect();
    let highest = lines.iter().flatten().max().copied().unwrap_or(0);
    let mut text = String::new();
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        text,
        "requests/min at the gateway, {} = {}, one block lower = {STEP} times fewer, a column = {} min",
        BLOCKS[7],
        thousands(u64::from(highest)),
        per_column,
    );
    let _ = writeln!(text, "{:LABEL$}{}", "", window(scenario, per_column));
    for (run, line) in runs.iter().zip(&lines) {
        let blocks: String = line
            .iter()
            .map(|requests| block(*requests, highest))
            .collect();
        let _ = writeln!(text, "{:LABEL$}{}", run.metrics.name, blocks.trim_end());
    }
    text
}

/// The busiest minute of each column: a storm must not be averaged away.
fn columns(per_minute: &[u32], per_column: usize) -> Vec<u32> {
    per_minute
        .chunks(per_column)
        .map(|minutes| minutes.iter().max().copied().unwrap_or(0))
        .collect()
}

/// A logarithmic level: `highest` is the full block, and only nothing is blank.
fn block(requests: u32, highest: u32) -> char {
    if requests == 0 {
        return ' ';
    }
    let below = (f64::from(highest) / f64::from(requests))
        .log(STEP)
        .round()
        .max(0.0) as usize;
    BLOCKS[(BLOCKS.len() - 1).saturating_sub(below)]
}

/// A bracket above the columns of the window.
fn window(scenario: &Scenario, per_column: usize) -> String {
    let column = |seconds: u64| (seconds / 60) as usize / per_column;
    let start = column(scenario.times.healthy.as_secs());
    let end = column(scenario.timeline().window_end.as_secs().saturating_sub(1)) + 1;
    let width = end.saturating_sub(start).max(1);
    let name = if width >= 8 { " window " } else { "" };
    let marks = if width >= 2 {
        format!("├{name:─^inner$}┤", inner = width - 2)
    } else {
        "│".into()
    };
    format!("{:start$}{marks}", "")
}

#[cfg(test)]
mod tests {
    use super::{block, columns, window};
    use crate::model::scenario::Scenario;
    use std::time::Duration;

    #[test]
    fn the_scale_is_logarithmic_and_only_nothing_is_blank() {
        let line: String = [0, 1, 42, 910, 4_000, 10_000]
            .map(|n| block(n, 10_000))
            .iter()
            .collect();
        assert_eq!(line, " ▁▂▅▇█");
        assert_eq!(block(0, 0), ' ');
        assert_eq!(block(1, 1), '█');
    }

    #[test]
    fn a_column_shows_its_busiest_minute() {
        assert_eq!(columns(&[1, 9, 3, 2, 5], 2), [9, 3, 5]);
    }

    #[test]
    fn the_bracket_covers_the_window() {
        assert_eq!(window(&Scenario::default(), 2), "     ├ window ┤");
        let short = Scenario {
            maintenance: Duration::from_secs(60),
            ..Scenario::default()
        };
        assert_eq!(window(&short, 2), "     │");
    }
}

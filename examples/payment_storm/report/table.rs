//! Plain text tables: one row for each number, one column for each fleet.

use crate::fleet::FleetRun;
use crate::metrics::FleetMetrics;
use std::fmt::Write as _;

/// What a cell shows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cell {
    Count(u64),
    /// A ratio, with its unit.
    Times(f64),
    Percent(f64),
    /// Seconds since the window's end.
    After(f64),
    Seconds(f64),
    Never,
    /// The number has no meaning here.
    None,
}

type Row = (&'static str, fn(&FleetMetrics) -> Cell);

/// An empty name makes a blank line.
const ROWS: [Row; 23] = [
    ("requests in the window", |m| {
        Cell::Count(m.attempts_in_window)
    }),
    ("  for each payment", |m| {
        m.amplification_in_window.map_or(Cell::None, Cell::Times)
    }),
    ("busiest minute", |m| {
        Cell::Count(m.peak_requests_per_minute)
    }),
    ("", |_| Cell::None),
    ("after the window", |_| Cell::None),
    ("  busiest 10 s of 1st minute", |m| {
        Cell::Times(m.peak_ratio_first_minute)
    }),
    ("  busiest 10 s", |m| Cell::Times(m.peak_ratio_after)),
    ("  refused, queue full", |m| {
        Cell::Count(m.gateway_503_after_window)
    }),
    ("  longest queue", |m| {
        Cell::Count(u64::from(m.max_queue_after_window))
    }),
    ("  goodput", |m| {
        m.goodput_after_window
            .map_or(Cell::None, |g| Cell::Percent(g * 100.0))
    }),
    ("  first payment made", |m| {
        after(m.first_success_after_window_s)
    }),
    ("  recovered", |m| {
        after(m.recovered_after_window_s.map(|seconds| seconds as f64))
    }),
    ("  backlog paid", |m| after(m.backlog_drained_s)),
    ("", |_| Cell::None),
    ("payments", |m| Cell::Count(m.payments as u64)),
    ("  paid", |m| Cell::Count(m.paid as u64)),
    ("  given up", |m| Cell::Count(m.gave_up as u64)),
    ("  reported as unknown", |m| Cell::Count(m.unknown as u64)),
    ("  still waiting at the end", |m| {
        Cell::Count(m.waiting() as u64)
    }),
    ("  lost", |m| Cell::Count(m.lost as u64)),
    ("charged twice or more", |m| {
        Cell::Count(m.double_charged as u64)
    }),
    ("charged, reported as unpaid", |m| {
        Cell::Count(m.charged_but_reported_unpaid as u64)
    }),
    ("run time", |m| Cell::Seconds(m.wall_clock_s)),
];

/// All fleets side by side.
pub(crate) fn comparison(runs: &[FleetRun]) -> String {
    let names: Vec<&str> = runs.iter().map(|run| run.metrics.name).collect();
    let rows: Vec<(&str, Vec<Cell>)> = ROWS
        .iter()
        .map(|(name, cell)| (*name, runs.iter().map(|run| cell(&run.metrics)).collect()))
        .collect();
    render(&names, &rows)
}

/// Aligns a table: the first column to the left, the others to the right.
fn render(names: &[&str], rows: &[(&str, Vec<Cell>)]) -> String {
    let first = rows
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    let mut lines = vec![line(
        first,
        "",
        names.iter().map(|name| (*name).to_owned()),
        names,
    )];
    for (name, cells) in rows {
        lines.push(line(
            first,
            name,
            cells.iter().map(|cell| cell.text()),
            names,
        ));
    }
    lines.concat()
}

fn line(first: usize, name: &str, cells: impl Iterator<Item = String>, names: &[&str]) -> String {
    let mut line = format!("{name:<first$}");
    for (cell, column) in cells.zip(names) {
        let width = column.len().max(10) + 2;
        // Writing to a `String` cannot fail.
        let _ = write!(line, "{cell:>width$}");
    }
    line.truncate(line.trim_end().len());
    line.push('\n');
    line
}

fn after(seconds: Option<f64>) -> Cell {
    seconds.map_or(Cell::Never, Cell::After)
}

impl Cell {
    fn text(self) -> String {
        match self {
            Self::Count(count) => thousands(count),
            Self::Times(ratio) => format!("{ratio:.2} x"),
            Self::Percent(percent) => format!("{percent:.1} %"),
            Self::After(seconds) if seconds >= 600.0 => format!("+{:.1} min", seconds / 60.0),
            Self::After(seconds) => format!("+{seconds:.0} s"),
            Self::Seconds(seconds) => format!("{seconds:.1} s"),
            Self::Never => "never".to_owned(),
            Self::None => String::new(),
        }
    }
}

/// `1234567` as `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Cell, render, thousands};

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }

    #[test]
    fn columns_are_aligned_and_lines_end_without_spaces() {
        let rows = [
            ("requests", vec![Cell::Count(181_391), Cell::Count(42)]),
            ("", vec![Cell::None, Cell::None]),
            ("recovered", vec![Cell::Never, Cell::After(95.4)]),
            ("drained", vec![Cell::Never, Cell::After(1560.0)]),
        ];
        let table = render(&["legacy", "seawall"], &rows);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            lines,
            [
                "               legacy     seawall",
                "requests      181,391          42",
                "",
                "recovered       never       +95 s",
                "drained         never   +26.0 min",
            ]
        );
    }
}

//! Plain lines, one for each minute: for logs, pipes and people without a terminal.

use crate::storm::Storm;
use crate::view::View;
use std::io::{self, Write};

/// Writes the whole storm, as fast as it goes.
pub(crate) fn write(storm: &Storm, mut out: impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{:>7}  {:<27}  {:>9}  {:>7}  {:>6}  {:>6}  circuits",
        "time", "gateway", "offered/m", "queue", "paid", "open"
    )?;
    while let Some(view) = storm.step() {
        if view.clock.is_whole_minute() {
            writeln!(out, "{}", line(&view))?;
        }
    }
    Ok(())
}

fn line(view: &View) -> String {
    let header = view
        .services
        .iter()
        .find_map(|service| service.header.as_deref());
    let gate = header.map_or_else(String::new, |header| format!("; {header}"));
    format!(
        "{:>7}  {:<27}  {:>9}  {:>7}  {:>6}  {:>6}  {}{gate}",
        view.clock.to_string(),
        view.phase.to_string(),
        view.seen.last_minute,
        view.seen.outstanding,
        view.tally.paid,
        view.tally.open,
        view.states(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scenario::{RetryAfter, Scenario};
    use std::time::Duration;

    #[test]
    fn each_minute_has_a_line() {
        let storm = Storm::start(Scenario {
            maintenance: Duration::from_secs(120),
            retry_after: RetryAfter::Seconds(120),
            horizon: Duration::from_secs(1_200),
            services: 2,
            instances: 1,
            payments_per_minute: 44.0,
            ..Scenario::default()
        });
        let mut out = Vec::new();
        write(&storm.unwrap(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let line = |time: &str| {
            let found = text
                .lines()
                .find(|line| line.trim_start().starts_with(time));
            found.unwrap_or_else(|| panic!("{time}:\n{text}"))
        };
        assert!(line("-01:00").contains("healthy"), "{text}");
        assert!(
            line("+01:00").contains("2 open; 503 Retry-After: 120"),
            "{text}"
        );
        assert!(line("+20:00").ends_with("2 closed"), "{text}");
        assert_eq!(text.lines().count(), 1 + 10 + 20, "{text}");
    }
}

//! The command line.

use crate::model::scenario::{RetryAfter, Scenario};
use lexopt::{Arg, Parser};
use std::ffi::OsString;
use std::time::Duration;

pub(crate) const HELP: &str = "\
The control room: a fleet of payment services while its gateway is down for maintenance.

cargo run -p control_room -- [FLAGS]

  --seed N                another run of chance (1)
  --speed N               seconds of the storm in one second of yours, 1 to 3600 (60)
  --maintenance DURATION  length of the gateway's window, 10s to 2h (20m)
  --horizon DURATION      from the window's start to the end, at least 10m more than it (60m)
  --lines                 plain lines, as they are written where there is no terminal
  --help                  this text

Keys: space pauses, + and - change the speed, q ends. On all 42 clients at once: o opens the circuits
for five minutes, c closes them into their pace, g lifts the gates.
";

const SPEEDS: std::ops::RangeInclusive<u32> = 1..=3_600;
const WINDOWS: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(10)..=Duration::from_secs(2 * 3_600);
/// Between the window's end and the horizon; the last payments arrive before it.
const AFTERMATH: Duration = Duration::from_secs(600);
const LONGEST: Duration = Duration::from_secs(86_400);

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    Watch(Box<Flags>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flags {
    pub(crate) scenario: Scenario,
    /// Seconds of the storm in one second.
    pub(crate) speed: u32,
    pub(crate) lines: bool,
}

/// Reads the arguments that follow the program's name. What is wrong is one line.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = Parser::from_args(args.into_iter().collect::<Vec<_>>());
    let mut flags = Flags {
        scenario: Scenario {
            horizon: Duration::from_secs(3_600),
            ..Scenario::default()
        },
        speed: 60,
        lines: false,
    };
    while let Some(arg) = parser.next().map_err(hint)? {
        match arg {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            Arg::Long("lines") => flags.lines = true,
            Arg::Long("seed") => flags.scenario.seed = number(&mut parser, "seed")?,
            Arg::Long("speed") => flags.speed = number(&mut parser, "speed")?,
            Arg::Long("maintenance") => {
                flags.scenario.maintenance = duration(&mut parser, "maintenance")?;
            }
            Arg::Long("horizon") => flags.scenario.horizon = duration(&mut parser, "horizon")?,
            other => return Err(hint(other.unexpected())),
        }
    }
    check(&mut flags)?;
    Ok(Command::Watch(Box::new(flags)))
}

fn check(flags: &mut Flags) -> Result<(), String> {
    let Flags {
        scenario, speed, ..
    } = flags;
    if !SPEEDS.contains(speed) {
        return Err(format!("--speed {speed} is not in 1 to 3600"));
    }
    let (window, horizon) = (scenario.maintenance, scenario.horizon);
    if !WINDOWS.contains(&window) {
        return Err(format!("--maintenance {window:?} is not in 10s to 2h"));
    }
    if horizon < window + AFTERMATH || horizon > LONGEST {
        let least = humantime::format_duration(window + AFTERMATH);
        return Err(format!("--horizon {horizon:?} is not in {least} to 24h"));
    }
    scenario.retry_after = RetryAfter::Seconds(window.as_secs());
    Ok(())
}

fn number<T: std::str::FromStr>(parser: &mut Parser, name: &str) -> Result<T, String> {
    let text = text(parser)?;
    text.parse()
        .map_err(|_| format!("--{name} {text:?} is not a whole number, such as 7"))
}

fn duration(parser: &mut Parser, name: &str) -> Result<Duration, String> {
    let text = text(parser)?;
    humantime::parse_duration(&text)
        .map_err(|_| format!("--{name} {text:?} is not a duration, such as 20m"))
}

fn text(parser: &mut Parser) -> Result<String, String> {
    let value = parser.value().map_err(hint)?;
    Ok(value.to_string_lossy().into_owned())
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn hint(error: lexopt::Error) -> String {
    format!("{error}; see --help")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        super::parse(line.split_whitespace().map(OsString::from))
    }

    fn flags(line: &str) -> Flags {
        match parse(line) {
            Ok(Command::Watch(flags)) => *flags,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_storm_of_the_incident_is_shown_by_default() {
        let flags = flags("");
        assert_eq!((flags.speed, flags.lines), (60, false));
        assert_eq!(flags.scenario.clients(), 42);
        assert_eq!(flags.scenario.retry_after, RetryAfter::Seconds(1_200));
    }

    #[test]
    fn what_is_asked_for_is_taken() {
        let flags = flags("--lines --speed 3600 --seed 7 --maintenance 5m --horizon 30m");
        assert!(flags.lines && flags.speed == 3_600 && flags.scenario.seed == 7);
        assert_eq!(flags.scenario.horizon, Duration::from_secs(1_800));
        assert_eq!(flags.scenario.retry_after, RetryAfter::Seconds(300));
        assert_eq!(parse("--lines --help"), Ok(Command::Help));
    }

    #[test]
    fn a_wrong_value_is_named_with_what_would_be_right() {
        for (line, said) in [
            ("--speed 0", "--speed 0 is not in 1 to 3600"),
            ("--speed fast", "--speed \"fast\" is not a whole number"),
            ("--maintenance 1", "is not a duration, such as 20m"),
            ("--maintenance 5s", "is not in 10s to 2h"),
            ("--horizon 25m", "is not in 30m to 24h"),
            ("--seed", "see --help"),
            ("--sped 9", "invalid option '--sped'; see --help"),
            ("now", "see --help"),
        ] {
            let error = parse(line).expect_err(line);
            assert!(error.contains(said), "{line}: {error}");
        }
    }
}

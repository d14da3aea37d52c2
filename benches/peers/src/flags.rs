//! The command line.

use std::ffi::OsString;

use lexopt::{Arg, Parser};

pub const HELP: &str = "\
seawall beside its peers, in one run.

cargo run --release --manifest-path benches/peers/Cargo.toml -- [FLAGS]

  --json        rows as JSON, not as a table
  --e2e         the client's CPU time over loopback HTTP/1.1 too
  --rounds N    interleaved rounds, 3 to 1000 (31)
  --only TEXT   only the contests whose name contains it
  --help        this text
";

const ROUNDS: std::ops::RangeInclusive<u32> = 3..=1_000;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Help,
    Run(Flags),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flags {
    pub json: bool,
    pub end_to_end: bool,
    pub rounds: u32,
    pub only: String,
}

/// Reads the arguments that follow the program's name.
///
/// # Errors
///
/// One line that says what is wrong.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = Parser::from_args(args.into_iter().collect::<Vec<_>>());
    let mut flags = Flags {
        json: false,
        end_to_end: false,
        rounds: 31,
        only: String::new(),
    };
    while let Some(arg) = parser.next().map_err(hint)? {
        match arg {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            Arg::Long("json") => flags.json = true,
            Arg::Long("e2e") => flags.end_to_end = true,
            Arg::Long("rounds") => flags.rounds = rounds(&mut parser)?,
            Arg::Long("only") => {
                let text = parser.value().map_err(hint)?;
                flags.only = text.to_string_lossy().into_owned();
            }
            other => return Err(hint(other.unexpected())),
        }
    }
    Ok(Command::Run(flags))
}

fn rounds(parser: &mut Parser) -> Result<u32, String> {
    let text = parser.value().map_err(hint)?;
    let number = text.to_str().and_then(|text| text.parse().ok());
    let rounds = number.filter(|rounds| ROUNDS.contains(rounds));
    rounds.ok_or_else(|| format!("--rounds {} is not in 3 to 1000", text.display()))
}

#[expect(clippy::needless_pass_by_value, reason = "it is a `map_err`")]
fn hint(error: lexopt::Error) -> String {
    format!("{error}; see --help")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Command, String> {
        parse(args.iter().map(OsString::from))
    }

    #[test]
    fn flags_are_read() {
        let Command::Run(flags) = read(&["--json", "--rounds", "5"]).unwrap() else {
            unreachable!("no help was asked for")
        };
        assert!(flags.json && !flags.end_to_end);
        assert_eq!(flags.rounds, 5);
        assert_eq!(read(&["--json", "--help"]), Ok(Command::Help));
    }

    #[test]
    fn what_is_wrong_is_one_line() {
        for args in [&["--jason"][..], &["--rounds", "2"], &["--rounds"], &["5"]] {
            let error = read(args).unwrap_err();
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }
}

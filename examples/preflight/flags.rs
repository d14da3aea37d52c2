//! The command line.

use crate::header::Header;
use lexopt::Arg;
use std::ffi::OsString;
use std::time::Duration;

pub(crate) const HELP: &str = "\
Checks, before a deploy, that a gateway can be called: URL, DNS, TCP, TLS, credentials, health.

cargo run --features json --example preflight -- URL [FLAGS]

  --health PATH        a path that answers a GET with 2xx while the gateway is well
  --header HEADER      a credential, 'name: env:VARIABLE' or 'name: Bearer env:VARIABLE'; more than
                       one may be given
  --credentials PATH   a path that answers 2xx only to these credentials (that of the URL, else
                       the health path)
  --timeout DURATION   the longest each step may take, such as 500ms (5s)
  --json               one JSON object instead of the lines, in every case: 'ok', and 'steps' or
                       'error'
  --help               this text

Exit code 0: no step failed. 1: one did. 2: it was called wrongly.
";

const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(600);

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    Check(Flags),
}

/// One check. It holds no secret: those are in the environment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flags {
    pub(crate) url: String,
    pub(crate) health: Option<String>,
    pub(crate) credentials: Option<String>,
    pub(crate) headers: Vec<Header>,
    pub(crate) timeout: Duration,
    pub(crate) json: bool,
}

/// Reads the arguments that follow the program's name. An error names the flag, what is wrong and
/// the fix, and shows no value that may be a secret.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = lexopt::Parser::from_args(args.into_iter().collect::<Vec<_>>());
    let mut url = None;
    let mut flags = Flags {
        url: String::new(),
        health: None,
        credentials: None,
        headers: Vec::new(),
        timeout: Duration::from_secs(5),
        json: false,
    };
    while let Some(arg) = parser.next().map_err(|error| unexpected(&error))? {
        let name = match arg {
            Arg::Long(name) => name.to_owned(),
            Arg::Short('h') => return Ok(Command::Help),
            Arg::Short(short) => return Err(unknown(&format!("-{short}"))),
            Arg::Value(_) if url.is_some() => {
                return Err("more than one URL was given; check one at a time".to_owned());
            }
            Arg::Value(value) => {
                url = Some(text("URL", value)?);
                continue;
            }
        };
        let mut value = |example| value(&mut parser, &name, example);
        match name.as_str() {
            "help" => return Ok(Command::Help),
            "json" => flags.json = true,
            "health" => flags.health = Some(value("/health")?),
            "credentials" => flags.credentials = Some(value("/v1/account")?),
            "timeout" => flags.timeout = duration(&value("5s")?)?,
            "header" => {
                let header = value("'authorization: env:PAYMENTS_TOKEN'")?;
                flags.headers.push(Header::parse(&header)?);
            }
            _ => return Err(unknown(&format!("--{name}"))),
        }
    }
    match url {
        Some(url) => Ok(Command::Check(Flags { url, ..flags })),
        None => Err("no URL was given; write `preflight https://gateway.example`".to_owned()),
    }
}

fn value(parser: &mut lexopt::Parser, flag: &str, example: &str) -> Result<String, String> {
    match parser.value() {
        Ok(value) => text(&format!("--{flag}"), value),
        Err(_) => Err(format!(
            "--{flag} has no value; give one, such as --{flag} {example}"
        )),
    }
}

fn text(what: &str, value: OsString) -> Result<String, String> {
    value
        .into_string()
        .map_err(|_| format!("{what} is not UTF-8; write it in UTF-8"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).ok();
    duration
        .filter(|duration| (SHORTEST..=LONGEST).contains(duration))
        .ok_or_else(|| {
            format!("--timeout {text:?} is not from 1ms to 10m; write --timeout 5s, for one")
        })
}

/// A flag that takes no value was given one; lexopt says so at the next argument.
fn unexpected(error: &lexopt::Error) -> String {
    match error {
        lexopt::Error::UnexpectedValue { option, .. } => {
            format!("{option} takes no value; write {option} alone")
        }
        _ => "the arguments cannot be read; `--help` lists the flags".to_owned(),
    }
}

fn unknown(argument: &str) -> String {
    format!("unknown argument {argument:?}; `--help` lists the flags")
}

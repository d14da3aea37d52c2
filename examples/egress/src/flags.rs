//! The command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser};

use crate::settings::{Settings, Source};

/// What `--help` says.
pub const HELP: &str = "\
An egress sidecar: services change one base URL, and call their gateway through seawall.

cargo run --release -p egress -- --listen 127.0.0.1:8080 --upstream https://api.example \\
    --preset external_payments [FLAGS]

  --listen ADDR       where services send their requests
  --upstream URL      what is called; its path is a base path
  --preset NAME       internal, external or external_payments
  --provider NAME     for external_payments: what its idempotency keys are worth. generic (the default),
                      stripe, adyen, ietf; none if it does not honour keys
  --policy FILE.toml  a policy, instead of a preset as it is
  --admin ADDR        where operators look: metrics, upstreams, acts; without it, nowhere
  --control FILE      operators' wishes from a file that is followed
  --drain TIME        how long calls have at a shutdown (the policy's deadline)
  --help              this text
";

/// What the command line asks for.
#[derive(Clone, Debug)]
pub enum Command {
    /// The text above.
    Help,
    /// To serve.
    Serve(Box<Settings>),
}

/// Reads the arguments that follow the program's name, and the file that they name.
///
/// # Errors
///
/// What is wrong, in one line.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let Some(given) = Given::read(args)? else {
        return Ok(Command::Help);
    };
    let missing = |flag: &str, example: &str| format!("{flag} is missing; add {flag} {example}");
    let listen = given
        .listen
        .ok_or_else(|| missing("--listen", "127.0.0.1:8080"))?;
    let upstream = given
        .upstream
        .ok_or_else(|| missing("--upstream", "https://api.example"))?;
    Ok(Command::Serve(Box::new(Settings {
        listen,
        admin: given.admin,
        client: given.source.client(&upstream)?,
        drain: given.drain,
        control: given.control,
    })))
}

/// The flags, each as it is written.
#[derive(Default)]
struct Given {
    listen: Option<SocketAddr>,
    admin: Option<SocketAddr>,
    upstream: Option<String>,
    source: Source,
    drain: Option<Duration>,
    control: Option<PathBuf>,
}

impl Given {
    /// `None`: somebody asks for help.
    fn read(args: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, String> {
        let mut parser = Parser::from_args(args.into_iter().collect::<Vec<_>>());
        let mut given = Self::default();
        while let Some(arg) = parser.next().map_err(hint)? {
            match arg {
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Long("listen") => given.listen = Some(address("--listen", &mut parser)?),
                Arg::Long("admin") => given.admin = Some(address("--admin", &mut parser)?),
                Arg::Long("upstream") => given.upstream = Some(text(&mut parser)?),
                Arg::Long("preset") => given.source.preset = Some(text(&mut parser)?),
                Arg::Long("provider") => given.source.provider = Some(text(&mut parser)?),
                Arg::Long("policy") => given.source.file = Some(path(&mut parser)?),
                Arg::Long("control") => given.control = Some(path(&mut parser)?),
                Arg::Long("drain") => given.drain = Some(time(&mut parser)?),
                other => return Err(hint(other.unexpected())),
            }
        }
        Ok(Some(given))
    }
}

fn address(flag: &str, parser: &mut Parser) -> Result<SocketAddr, String> {
    let given = text(parser)?;
    given.parse().map_err(|_| {
        format!("{flag} {given:?} is no address; write {flag} 127.0.0.1:8080, for one")
    })
}

fn time(parser: &mut Parser) -> Result<Duration, String> {
    let given = text(parser)?;
    humantime::parse_duration(&given)
        .map_err(|_| format!("--drain {given:?} is no length of time; write --drain 30s, for one"))
}

fn path(parser: &mut Parser) -> Result<PathBuf, String> {
    parser.value().map(PathBuf::from).map_err(hint)
}

fn text(parser: &mut Parser) -> Result<String, String> {
    let value = parser.value().map_err(hint)?;
    value
        .into_string()
        .map_err(|value| format!("{} is not UTF-8; write it in ASCII", value.display()))
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for `map_err`")]
fn hint(error: lexopt::Error) -> String {
    format!("{error}; `--help` lists the flags")
}

#[cfg(test)]
#[path = "flags_tests.rs"]
mod tests;

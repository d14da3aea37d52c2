//! The command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use http::Uri;
use lexopt::{Arg, Parser};

use crate::policy::Tempo;

pub(crate) const HELP: &str = "\
A checkout with an outbox: no payment lost, none charged twice, whenever it is killed.

cargo run -p outbox -- [FLAGS]

  --gateway URL    the gateway to pay at; without it, a scriptable one in this process
  --database FILE  the outbox (outbox.db)
  --listen ADDR    where the checkout listens (127.0.0.1:8080)
  --quick          shorter waits, for demonstrations
  --demo           plays a maintenance and a kill -9, and takes no other flag
  --help           this text
";

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Demo,
    Serve(Flags),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) gateway: Option<String>,
    pub(crate) database: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) tempo: Tempo,
}

/// Reads the arguments that follow the program's name. What is wrong is one line.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = Parser::from_args(args.into_iter().collect::<Vec<_>>());
    let defaults = Flags {
        gateway: None,
        database: "outbox.db".into(),
        listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
        tempo: Tempo::Usual,
    };
    let mut flags = defaults.clone();
    let mut demo = false;
    while let Some(arg) = parser.next().map_err(hint)? {
        match arg {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            Arg::Long("demo") => demo = true,
            Arg::Long("quick") => flags.tempo = Tempo::Quick,
            Arg::Long("gateway") => flags.gateway = Some(url(text(&mut parser)?)?),
            Arg::Long("database") => flags.database = parser.value().map_err(hint)?.into(),
            Arg::Long("listen") => {
                let address = text(&mut parser)?;
                flags.listen = address.parse().map_err(|_| {
                    format!(
                        "--listen {address:?} is no address; write --listen 127.0.0.1:8080, for one"
                    )
                })?;
            }
            other => return Err(hint(other.unexpected())),
        }
    }
    match demo {
        true if flags != defaults => Err("--demo takes no other flag; leave the others out".into()),
        true => Ok(Command::Demo),
        false => Ok(Command::Serve(flags)),
    }
}

fn text(parser: &mut Parser) -> Result<String, String> {
    let value = parser.value().map_err(hint)?;
    value
        .into_string()
        .map_err(|value| format!("{} is not UTF-8; write it in ASCII", value.display()))
}

/// Known to be wrong before the first payment, not by it.
fn url(text: String) -> Result<String, String> {
    let uri: Option<Uri> = text.parse().ok();
    let scheme = uri.as_ref().and_then(Uri::scheme_str);
    match scheme {
        Some("http" | "https") => Ok(text),
        _ => Err(format!(
            "--gateway {text:?} is no URL; write --gateway https://gateway.example, for one"
        )),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for `map_err`")]
fn hint(error: lexopt::Error) -> String {
    format!("{error}; `--help` lists the flags")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(Into::into))
    }

    #[test]
    fn no_flags_serve_at_the_preset_s_own_tempo() {
        let Ok(Command::Serve(flags)) = parsed("") else {
            panic!("it serves");
        };
        assert_eq!((flags.gateway, flags.tempo), (None, Tempo::Usual));
    }

    #[test]
    fn every_flag_is_read() {
        let line = "--gateway http://a.example --database a.db --listen 127.0.0.1:0 --quick";
        let flags = Flags {
            gateway: Some("http://a.example".into()),
            database: "a.db".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tempo: Tempo::Quick,
        };
        assert_eq!(parsed(line), Ok(Command::Serve(flags)));
        assert_eq!(parsed("--demo"), Ok(Command::Demo));
        assert_eq!(parsed("--demo --help"), Ok(Command::Help));
    }

    #[test]
    fn what_is_wrong_is_one_line_with_a_way_out() {
        for (line, named) in [
            ("--listen here", "\"here\""),
            ("--sped", "--sped"),
            ("--gateway", "--gateway"),
            ("--gateway gateway.example", "\"gateway.example\""),
            ("--gateway ftp://gateway.example", "ftp"),
            ("--quick=yes", "--quick"),
            ("shop", "shop"),
            ("--demo --quick", "--demo"),
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(named) && error.contains("; "), "{error}");
            assert_eq!(error.lines().count(), 1);
        }
    }
}

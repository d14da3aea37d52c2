//! From the command line to an exit code.

use crate::flags::{self, Command, Flags};
use seawall::preflight::PreflightReport;
use seawall::{Client, Policy, Provider};
use std::ffi::OsString;

pub(crate) const PASSED: u8 = 0;
pub(crate) const FAILED: u8 = 1;
pub(crate) const WRONG_USE: u8 = 2;

/// What the program prints, and how it exits.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The whole program, over these arguments and environment variables.
pub(crate) async fn run(
    args: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<String>,
) -> Ending {
    let args: Vec<_> = args.into_iter().collect();
    // Also when the rest of the line makes no sense: a program waits for the answer.
    let json = args.iter().any(|arg| arg == "--json");
    let ending = match flags::parse(args) {
        Ok(Command::Help) => return Ending::with(PASSED, flags::HELP),
        Ok(Command::Check(flags)) => check(&flags, variable).await,
        Err(error) => Err(error),
    };
    ending.unwrap_or_else(|error| Ending::wrong_use(&error, json))
}

async fn check(flags: &Flags, variable: impl Fn(&str) -> Option<String>) -> Result<Ending, String> {
    let policy = Policy::external_payments(Provider::generic());
    let client = Client::builder(policy).build().map_err(|e| e.to_string())?;

    let mut preflight = client.preflight(&flags.url).timeout(flags.timeout);
    for header in &flags.headers {
        preflight = preflight.credential(&header.name, header.value(&variable)?);
    }
    if let Some(path) = &flags.credentials {
        preflight = preflight.credentials_path(path);
    }
    if let Some(path) = &flags.health {
        preflight = preflight.health_path(path);
    }
    Ok(ending(&preflight.run().await, flags.json))
}

fn ending(report: &PreflightReport, json: bool) -> Ending {
    let code = if report.is_ok() { PASSED } else { FAILED };
    if !json {
        return Ending::with(code, &report.to_string());
    }
    match serde_json::to_string_pretty(report) {
        Ok(json) => Ending::with(code, &format!("{json}\n")),
        Err(error) => Ending::complaint(FAILED, &error.to_string()),
    }
}

impl Ending {
    fn with(code: u8, out: &str) -> Self {
        Self {
            code,
            out: out.to_owned(),
            err: String::new(),
        }
    }

    fn wrong_use(error: &str, json: bool) -> Self {
        let complaint = Self::complaint(WRONG_USE, error);
        if !json {
            return complaint;
        }
        let out = serde_json::json!({ "ok": false, "error": error });
        Self {
            out: format!("{out:#}\n"),
            ..complaint
        }
    }

    fn complaint(code: u8, error: &str) -> Self {
        Self {
            code,
            out: String::new(),
            err: format!("preflight: {error}\n"),
        }
    }
}

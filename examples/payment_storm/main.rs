//! The storm of November 2025, replayed: five fleets of clients and a gateway that restarts.
//!
//! `cargo run --release --example payment_storm -- --help` lists the flags.
//!
//! Two hours take seconds: the gateway is an in-process `Service` and tokio's clock is paused. The
//! clients are real: the library's own layers, tower's retry, failsafe's breaker. `--sockets` runs a
//! short storm over real TCP connections instead, on a clock that nobody pauses.

mod flags;
mod fleet;
mod metrics;
#[allow(dead_code, reason = "the control room watches it while it goes on")]
mod model;
mod peers;
mod report;
mod sockets;

use flags::{Command, Flags};
use fleet::Network;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::process::ExitCode;

/// A flag or a value was wrong.
const WRONG_USE: u8 = 2;

fn main() -> ExitCode {
    match flags::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => finish(print(flags::HELP)),
        Ok(Command::Run(flags)) => {
            if let Err(error) = check_writable(&flags) {
                return complain(&error, WRONG_USE);
            }
            finish(run(&flags).and_then(|text| print(&text)))
        }
        Err(error) => complain(&error.to_string(), WRONG_USE),
    }
}

fn run(flags: &Flags) -> Result<String, String> {
    let Flags {
        scenario,
        fleets,
        network,
        ..
    } = flags;
    let arrivals = model::arrivals::draw(scenario).into();
    let runs = fleet::run_all(fleets, scenario, &arrivals, *network)?;
    if let Some(path) = &flags.svg {
        report::draw(path, scenario, &runs)?;
    }
    match network {
        _ if flags.json => report::to_json(scenario, &runs),
        Network::InProcess => Ok(report::to_text(scenario, &runs)),
        Network::Sockets => Ok(report::to_short_text(scenario, &runs)),
    }
}

/// A file that cannot be written is better known before the run than after it.
fn check_writable(flags: &Flags) -> Result<(), String> {
    let Some(path) = &flags.svg else {
        return Ok(());
    };
    match OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
    {
        Ok(_) => Ok(()),
        Err(error) => Err(format!(
            "--svg {:?} cannot be written ({error}); give a file that can",
            path.to_string_lossy()
        )),
    }
}

/// A reader that has seen enough (`| head`) is no error.
fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

fn finish(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error, 1),
    }
}

fn complain(error: &str, code: u8) -> ExitCode {
    // Nothing is left to do when even stderr is closed.
    let _ = writeln!(io::stderr(), "payment_storm: {error}");
    ExitCode::from(code)
}

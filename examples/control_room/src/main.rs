//! The control room: every circuit, gate and budget of a fleet while the storm of November 2025 runs.
//!
//! `cargo run -p control_room` shows it in a terminal, and plain lines where there is none;
//! `-- --help` lists the flags and keys. Clients, gateway and payments are those of the example
//! `payment_storm`, on a clock that runs as fast as somebody can watch.

mod flags;
mod lines;
#[path = "../../payment_storm/model/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "the storm is whole, and this view needs a part of it"
)]
mod model;
mod screen;
mod storm;
mod view;

use flags::{Command, Flags};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use storm::Storm;

/// A flag or a value was wrong.
const WRONG_USE: u8 = 2;

fn main() -> ExitCode {
    match flags::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => finish(io::stdout().write_all(flags::HELP.as_bytes())),
        Ok(Command::Watch(flags)) => finish(watch(&flags)),
        Err(error) => complain(&error, WRONG_USE),
    }
}

fn watch(flags: &Flags) -> io::Result<()> {
    let storm = Storm::start(flags.scenario.clone())?;
    if flags.lines || !io::stdout().is_terminal() {
        lines::write(&storm, io::stdout().lock())
    } else {
        screen::show(&storm, flags.speed)
    }
}

fn finish(result: io::Result<()>) -> ExitCode {
    match result {
        // A reader that has seen enough (`| head`) is no error.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => complain(&error.to_string(), 1),
        _ => ExitCode::SUCCESS,
    }
}

fn complain(error: &str, code: u8) -> ExitCode {
    // Nothing is left to do when even stderr is closed.
    let _ = writeln!(io::stderr(), "control_room: {error}");
    ExitCode::from(code)
}

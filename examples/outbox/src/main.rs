//! A checkout with an outbox: no payment is lost and none is charged twice, whenever it is killed.
//!
//! Read `settle.rs` first, then `store/mod.rs`: they are what to copy. `outbox.rs` joins them, and
//! `checkout.rs` and `worker.rs` are its two users.

mod checkout;
mod clock;
mod demo;
mod flags;
mod gateway;
mod outbox;
mod payment;
mod policy;
mod serve;
mod service;
mod settle;
mod store;
mod worker;

use std::io::{self, Write};
use std::process::ExitCode;

use flags::Command;

/// A flag or a value was wrong.
const WRONG_USE: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    // Standard output is for people and for `service.rs`; the log goes elsewhere.
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let result = match flags::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => say(flags::HELP.trim_end()),
        Ok(Command::Demo) => demo::play().await,
        Ok(Command::Serve(flags)) => serve::serve(flags).await,
        Err(error) => return complain(&error, WRONG_USE),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error, 1),
    }
}

/// A line to standard output. A reader that has seen enough (`| head`) is no error.
fn say(line: &str) -> Result<(), String> {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

fn complain(error: &str, code: u8) -> ExitCode {
    // Nothing is left to do when even stderr is closed.
    let _ = writeln!(io::stderr(), "outbox: {error}");
    ExitCode::from(code)
}

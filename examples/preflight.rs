//! The check before a deploy: could this machine call that gateway, with that credential, now?
//!
//! `cargo run --features json --example preflight -- --help` lists the flags.
//!
//! It prints a line for each step, or one JSON object, and exits with 0 if none failed, 1 if one
//! did, 2 if it was called wrongly. To copy it, build the client as your service does: what is
//! checked is what that client would do.

#[path = "preflight/check.rs"]
mod check;
#[path = "preflight/flags.rs"]
mod flags;
#[path = "preflight/header.rs"]
mod header;
#[cfg(test)]
#[path = "preflight/tests.rs"]
mod tests;

use std::io::{self, Write};
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok();
    let ending = check::run(std::env::args_os().skip(1), variable).await;
    // A reader that has seen enough (`| head`) changes nothing about the check.
    let _ = io::stdout().write_all(ending.out.as_bytes());
    let _ = io::stderr().write_all(ending.err.as_bytes());
    ExitCode::from(ending.code)
}

//! The program: flags, two lines of output, signals, an exit code.

mod signals;

use std::fmt::Display;
use std::io::{self, Write};
use std::pin::pin;
use std::process::ExitCode;

use egress::flags::{self, Command};
use egress::{Egress, Settings, StartError};
use signals::Signals;
use tokio::sync::oneshot;

/// A flag, or a file that it names, was wrong.
const WRONG_USE: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    // Standard output is for whoever waits for the ports; the log goes elsewhere.
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let settings = match flags::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => return said(flags::HELP.trim_end()),
        Ok(Command::Serve(settings)) => settings,
        Err(problem) => return complain(&problem, WRONG_USE),
    };
    let egress = match Egress::bind(&settings).await {
        Ok(egress) => egress,
        Err(problem @ StartError::Settings(_)) => return complain(&problem, WRONG_USE),
        Err(problem @ StartError::Listen(_)) => return complain(&problem, 1),
    };
    match Signals::new() {
        Ok(signals) => serve(egress, &settings, signals).await,
        Err(error) => complain(&error, 1),
    }
}

/// Until the first signal, and what is under way until the second.
async fn serve(egress: Egress, settings: &Settings, mut signals: Signals) -> ExitCode {
    announce(&egress, settings);
    let (stop, stopped) = oneshot::channel::<()>();
    let mut running = pin!(egress.run(async { drop(stopped.await) }));
    tokio::select! {
        () = &mut running => return ExitCode::SUCCESS,
        () = signals.next() => drop(stop),
    }
    tokio::select! {
        () = &mut running => {}
        () = signals.next() => tracing::warn!("a second signal: calls under way are cut off"),
    }
    ExitCode::SUCCESS
}

fn announce(egress: &Egress, settings: &Settings) {
    let policy = settings.client.policy();
    tracing::info!(
        upstream = settings.client.url(),
        preset = policy.preset().as_str(),
        provider = %policy.provider().name,
        honours_keys = policy.provider().honours_keys,
        drain = ?settings.drain(),
        "listening"
    );
    for (name, address) in [
        ("egress", egress.address()),
        ("admin", egress.admin_address()),
    ] {
        if let Some(address) = address {
            // Nobody has to listen.
            let _ = writeln!(io::stdout(), "{name}: http://{address}");
        }
    }
}

fn said(text: &str) -> ExitCode {
    // A reader that has seen enough (`| head`) is no error.
    let _ = writeln!(io::stdout(), "{text}");
    ExitCode::SUCCESS
}

fn complain(problem: &dyn Display, code: u8) -> ExitCode {
    // Nothing is left to do when even stderr is closed.
    let _ = writeln!(io::stderr(), "egress: {problem}");
    ExitCode::from(code)
}

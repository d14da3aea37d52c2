//! Runs seawall and its peers, and prints what they cost.

use std::process::ExitCode;

use peers::flags::{self, Command, Flags};
use peers::output::{Output, json, table};
use peers::{contests, end_to_end};
use tokio::runtime::{Builder, Runtime};

fn main() -> ExitCode {
    let flags = match flags::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => {
            print!("{}", flags::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(Command::Run(flags)) => flags,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let output = measure(&flags);
    if flags.json {
        println!("{}", json(&output).expect("rows are plain"));
    } else {
        print!("{}", table(&output));
    }
    ExitCode::SUCCESS
}

fn measure(flags: &Flags) -> Output {
    let end_to_end = if flags.end_to_end {
        end_to_end::measure(flags.rounds)
    } else {
        Vec::new()
    };
    let runtime = timers();
    let _entered = runtime.enter();
    let contests = contests::all(runtime).into_iter();
    let rows: Vec<_> = contests
        .filter(|contest| contest.name.contains(&flags.only))
        .flat_map(|contest| contest.measure(flags.rounds))
        .collect();
    Output {
        control: contests::control(&rows),
        speed_ups: contests::speed_ups(&rows),
        end_to_end,
        rows,
    }
}

/// Timers need a runtime; futures are polled by hand.
fn timers() -> &'static Runtime {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime can be made");
    Box::leak(Box::new(runtime))
}

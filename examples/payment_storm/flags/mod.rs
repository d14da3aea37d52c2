//! The command line.

mod value;

use crate::fleet::{Fleet, Network};
use crate::model::scenario::{RetryAfter, Scenario};
use crate::sockets;
use lexopt::Arg;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use value::Value;

pub(crate) const HELP: &str = "\
The storm of November 2025: a fleet of payment services, a gateway that restarts, and five clients.

cargo run --release --example payment_storm -- [FLAGS]

  --json                     one JSON object instead of the tables
  --svg FILE                 also draw requests per minute as a chart
  --seed N                   another run of chance (1)
  --fleet NAME               all, legacy, backoff, peer, seawall or seawall_impatient (all)
  --services N               services in the fleet (14)
  --instances N              instances of each service, one client each (3)
  --payments-per-minute X    mean arrivals over the whole fleet (910)
  --maintenance DURATION     length of the gateway's window, such as 20m (20m)
  --retry-after VALUE        what its 503 says: SECONDS, date or none (the window's length)
  --queue-limit N            outstanding requests before the gateway answers 503 at once (1200)
  --cold-rate X              requests per second it serves after a restart (18)
  --warm-rate X              requests per second it serves once warm (40)
  --client-timeout DURATION  attempt timeout of legacy, backoff and peer (5s)
  --horizon DURATION         from the window's start to the end of the run (120m)
  --fault commit-then-drop=P with probability P, charge and then break the connection
  --sockets                  a storm of 48 s over real TCP connections on 127.0.0.1 instead; it
                             takes --json, --seed, --fleet, --retry-after and --fault only
  --help                     this text

Ten healthy minutes come before the window; arrivals stop ten minutes before the horizon.
";

/// More payments than this would need more memory and time than a comparison is worth.
const MOST_PAYMENTS: f64 = 3_000_000.0;
const MOST_CLIENTS: u32 = 10_000;
/// The flags that the short storm takes.
const WITH_SOCKETS: [&str; 6] = ["sockets", "json", "seed", "fleet", "retry-after", "fault"];
const DAY: Duration = Duration::from_secs(86_400);
/// Between the window's end and the last arrivals: the least that can show a recovery.
const AFTERMATH: Duration = Duration::from_secs(120);

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    Run(Box<Flags>),
}

/// A run, checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flags {
    pub(crate) scenario: Scenario,
    pub(crate) fleets: Vec<Fleet>,
    pub(crate) json: bool,
    pub(crate) svg: Option<PathBuf>,
    pub(crate) network: Network,
}

/// One line that names the value and the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FlagError(String);

impl fmt::Display for FlagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads the arguments that follow the program's name.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, FlagError> {
    let mut parser = lexopt::Parser::from_args(args.into_iter().collect::<Vec<_>>());
    let mut scenario = Scenario::default();
    let mut retry_after = None;
    let mut given = Vec::new();
    let mut flags = Flags {
        scenario: Scenario::default(),
        fleets: Fleet::ALL.to_vec(),
        json: false,
        svg: None,
        network: Network::InProcess,
    };
    while let Some(arg) = parser.next().map_err(unexpected)? {
        let name = match arg {
            Arg::Long(name) => name.to_owned(),
            Arg::Short('h') => return Ok(Command::Help),
            Arg::Short(short) => return Err(unknown(&format!("-{short}"))),
            Arg::Value(value) => return Err(unknown(&value.to_string_lossy())),
        };
        let mut value = |example| Value::of(&mut parser, &name, example);
        match name.as_str() {
            "help" => return Ok(Command::Help),
            "json" => flags.json = true,
            "sockets" => flags.network = Network::Sockets,
            "svg" => flags.svg = Some(value("storm.svg")?.path()?),
            "fleet" => flags.fleets = value("seawall")?.fleets()?,
            "seed" => scenario.seed = value("7")?.whole(0, u64::MAX)?,
            "services" => scenario.services = value("14")?.whole(1, MOST_CLIENTS)?,
            "instances" => scenario.instances = value("3")?.whole(1, MOST_CLIENTS)?,
            "payments-per-minute" => {
                scenario.payments_per_minute = value("910")?.real(0.1, 1_000_000.0)?;
            }
            "maintenance" => scenario.maintenance = value("20m")?.whole_seconds(DAY)?,
            "retry-after" => retry_after = Some(value("1200")?.retry_after()?),
            "queue-limit" => scenario.queue_limit = value("1200")?.whole(1, 10_000_000)?,
            "cold-rate" => scenario.cold_rate = value("18")?.real(0.01, 1_000_000.0)?,
            "warm-rate" => scenario.warm_rate = value("40")?.real(0.01, 1_000_000.0)?,
            "client-timeout" => scenario.client_timeout = value("5s")?.duration(DAY)?,
            "horizon" => scenario.horizon = value("120m")?.whole_seconds(7 * DAY)?,
            "fault" => scenario.commit_then_drop = value("commit-then-drop=0.01")?.fault()?,
            _ => return Err(unknown(&format!("--{name}"))),
        }
        given.push(name);
    }
    scenario.retry_after =
        retry_after.unwrap_or(RetryAfter::Seconds(scenario.maintenance.as_secs()));
    if flags.network == Network::Sockets {
        return over_sockets(&given, Flags { scenario, ..flags })
            .map(|flags| Command::Run(Box::new(flags)));
    }
    check_together(&scenario)?;
    Ok(Command::Run(Box::new(Flags { scenario, ..flags })))
}

/// The short storm has its own size, and only some fleets have clients for it.
fn over_sockets(given: &[String], flags: Flags) -> Result<Flags, FlagError> {
    if let Some(flag) = given
        .iter()
        .find(|flag| !WITH_SOCKETS.contains(&flag.as_str()))
    {
        return Err(FlagError(format!(
            "--{flag} has no effect with --sockets; leave one of the two out"
        )));
    }
    let able = |fleet: &&Fleet| sockets::FLEETS.contains(fleet);
    let fleets: Vec<Fleet> = flags.fleets.iter().filter(able).copied().collect();
    if let ([], [fleet, ..]) = (fleets.as_slice(), flags.fleets.as_slice()) {
        return Err(FlagError(format!(
            "--fleet {} has no client for --sockets; give all or one of {}",
            fleet.name(),
            sockets::FLEETS.map(Fleet::name).join(", ")
        )));
    }
    let scenario = sockets::scenario(&flags.scenario);
    Ok(Flags {
        scenario,
        fleets,
        ..flags
    })
}

/// The rules that hold between two flags.
fn check_together(scenario: &Scenario) -> Result<(), FlagError> {
    let Scenario {
        services,
        instances,
        cold_rate,
        warm_rate,
        horizon,
        ..
    } = scenario;
    let clients = services.saturating_mul(*instances);
    if clients > MOST_CLIENTS {
        return Err(FlagError(format!(
            "--services {services} with --instances {instances} makes {clients} clients; \
             give at most {MOST_CLIENTS} in all"
        )));
    }
    if warm_rate < cold_rate {
        return Err(FlagError(format!(
            "--warm-rate {warm_rate} is below --cold-rate {cold_rate}; \
             give a warm rate of at least {cold_rate}"
        )));
    }
    let shortest = scenario.maintenance + AFTERMATH + scenario.times.quiet;
    if *horizon < shortest {
        return Err(FlagError(format!(
            "--horizon {} is too short for --maintenance {}; give at least {}",
            humantime::format_duration(*horizon),
            humantime::format_duration(scenario.maintenance),
            humantime::format_duration(shortest),
        )));
    }
    let minutes = scenario.timeline().arrivals_end.as_secs_f64() / 60.0;
    let payments = scenario.payments_per_minute * minutes;
    if payments > MOST_PAYMENTS {
        return Err(FlagError(format!(
            "--payments-per-minute {} makes {payments:.0} payments by the horizon; \
             give at most {:.0} here",
            scenario.payments_per_minute,
            (MOST_PAYMENTS / minutes).floor(),
        )));
    }
    Ok(())
}

/// A flag that takes no value was given one; lexopt says so at the next argument.
fn unexpected(error: lexopt::Error) -> FlagError {
    match error {
        lexopt::Error::UnexpectedValue { option, value } => FlagError(format!(
            "{option} takes no value, but got {:?}; write {option} alone",
            value.to_string_lossy()
        )),
        other => FlagError(format!("{other}; `--help` lists the flags")),
    }
}

fn unknown(argument: &str) -> FlagError {
    FlagError(format!(
        "unknown argument {argument:?}; `--help` lists the flags"
    ))
}

#[cfg(test)]
mod tests;

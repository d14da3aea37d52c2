//! The command line: what it takes, and what it says to the rest.

use super::{Command, Flags, parse};
use crate::fleet::{Fleet, Network};
use crate::model::scenario::{RetryAfter, Scenario, Times};
use std::time::Duration;

fn run(line: &str) -> Result<Flags, String> {
    match parse(line.split_whitespace().map(Into::into)) {
        Ok(Command::Run(flags)) => Ok(*flags),
        Ok(Command::Help) => Err("help".into()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn no_flags_are_the_incident() {
    let flags = run("").expect("valid");
    assert_eq!(flags.scenario, Scenario::default());
    assert_eq!(flags.fleets, Fleet::ALL);
    assert!(!flags.json && flags.network == Network::InProcess && flags.svg.is_none());
}

#[test]
fn every_flag_is_read() {
    let flags = run(
        "--json --svg a.svg --seed 7 --fleet peer --services 2 --instances=4 \
                     --payments-per-minute 160.5 --maintenance 5m --retry-after date \
                     --queue-limit 10 --cold-rate 17 --warm-rate 17.5 --client-timeout 1500ms \
                     --horizon 30m --fault commit-then-drop=0.25",
    )
    .expect("valid");
    assert_eq!(
        flags,
        Flags {
            scenario: Scenario {
                seed: 7,
                services: 2,
                instances: 4,
                payments_per_minute: 160.5,
                maintenance: Duration::from_secs(300),
                retry_after: RetryAfter::Date,
                queue_limit: 10,
                cold_rate: 17.0,
                warm_rate: 17.5,
                client_timeout: Duration::from_millis(1500),
                horizon: Duration::from_secs(1800),
                commit_then_drop: 0.25,
                times: Times::INCIDENT,
            },
            fleets: vec![Fleet::Peer],
            json: true,
            svg: Some("a.svg".into()),
            network: Network::InProcess,
        }
    );
}

#[test]
fn the_default_retry_after_is_the_length_of_the_window() {
    let flags = run("--maintenance 5m").expect("valid");
    assert_eq!(flags.scenario.retry_after, RetryAfter::Seconds(300));
    let flags = run("--maintenance 5m --retry-after 1200").expect("valid");
    assert_eq!(flags.scenario.retry_after, RetryAfter::Seconds(1200));
    let flags = run("--retry-after none").expect("valid");
    assert_eq!(flags.scenario.retry_after, RetryAfter::None);
}

#[test]
fn a_wrong_value_is_named_on_one_line_with_the_fix() {
    for (line, value) in [
        ("--seed -1", "\"-1\""),
        ("--seed 18446744073709551616", "\"18446744073709551616\""),
        ("--seed +1", "\"+1\""),
        ("--services 0", "\"0\""),
        ("--instances x", "\"x\""),
        ("--payments-per-minute NaN", "\"NaN\""),
        ("--payments-per-minute inf", "\"inf\""),
        ("--payments-per-minute -5", "\"-5\""),
        ("--maintenance 20", "\"20\""),
        ("--maintenance 0s", "\"0s\""),
        ("--maintenance 1500ms", "\"1500ms\""),
        (
            "--maintenance 99999999999999999999h",
            "\"99999999999999999999h\"",
        ),
        ("--retry-after soon", "\"soon\""),
        ("--retry-after 1.5", "\"1.5\""),
        ("--queue-limit 0", "\"0\""),
        ("--cold-rate 0", "\"0\""),
        ("--warm-rate 1e300", "\"1e300\""),
        ("--client-timeout 0s", "\"0s\""),
        ("--horizon 1y", "\"1y\""),
        ("--fault commit-then-drop=2", "\"commit-then-drop=2\""),
        ("--fault drop=0.1", "\"drop=0.1\""),
        ("--fleet seagull", "\"seagull\""),
        ("--json=yes", "\"yes\""),
    ] {
        let message = run(line).expect_err(line);
        assert!(message.contains(value), "{line}: {message}");
        assert!(message.contains("; write "), "{line}: {message}");
        assert!(!message.contains('\n'), "{line}: {message}");
    }
}

#[test]
fn a_newline_in_a_value_stays_on_one_line() {
    let error = parse(["--seed".into(), "1\n2".into()]).expect_err("not a number");
    assert_eq!(error.to_string().lines().count(), 1);
}

#[test]
fn a_missing_value_and_unknown_flags_are_named() {
    for (line, named) in [
        ("--seed", "--seed"),
        ("--sed 1", "\"--sed\""),
        ("-x", "\"-x\""),
        ("storm", "\"storm\""),
    ] {
        let message = run(line).expect_err(line);
        assert!(
            message.contains(named) && !message.contains('\n'),
            "{line}: {message}"
        );
    }
}

#[test]
fn flags_that_do_not_fit_together_are_refused() {
    for (line, fix) in [
        ("--cold-rate 50", "at least 50"),
        ("--maintenance 2h", "at least 2h 12m"),
        ("--services 200 --instances 200", "at most 10000"),
        ("--payments-per-minute 100000", "at most 25000"),
    ] {
        let message = run(line).expect_err(line);
        assert!(message.contains(fix), "{line}: {message}");
    }
}

#[test]
fn sockets_take_the_flags_that_apply_and_refuse_the_others() {
    let flags =
        run("--sockets --seed 9 --retry-after 5 --fault commit-then-drop=0.1").expect("valid");
    assert_eq!(flags.network, Network::Sockets);
    assert_eq!(
        flags.fleets,
        [Fleet::Legacy, Fleet::Seawall, Fleet::SeawallImpatient]
    );
    assert_eq!(flags.scenario.seed, 9);
    assert_eq!(
        flags.scenario.retry_after,
        RetryAfter::Seconds(10),
        "the window's length"
    );
    assert!(
        run("--sockets --services 3")
            .expect_err("no effect")
            .contains("--services")
    );
    assert!(
        run("--sockets --fleet peer")
            .expect_err("no client")
            .contains("--fleet peer")
    );
}

#[test]
fn help_wins() {
    assert_eq!(run("--json --help").expect_err("help"), "help");
}

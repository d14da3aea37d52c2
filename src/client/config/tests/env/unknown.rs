//! What the environment holds besides.

use std::env;
use std::process::Command;

use super::*;

#[test]
fn a_misspelt_variable_is_found_and_what_belongs_to_others_is_left_alone() {
    let ours = [URL, EXTERNAL];
    let with = |name| [ours[0], ours[1], (name, "x")];
    for (name, near) in [
        ("DEADLIN", "write `PAYMENTS_DEADLINE`"),
        ("MAX_ATEMTPS", "write `PAYMENTS_MAX_ATTEMPTS`"),
        ("ALLOW_JITER", "write `PAYMENTS_ALLOW_JITTER`"),
        ("deadline", "see `ClientConfig::from_env`"),
        ("MAX_RETRIES", "see `ClientConfig::from_env`"),
        ("API_KEY", "or name it to `from_env_beside`"),
        ("PORT_A", "see `ClientConfig::from_env`"),
    ] {
        assert_problem(&with(name), &format!("PAYMENTS_{name} is no setting: "));
        assert_problem(&with(name), near);
    }
    for name in [
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_PORT_HTTPS",
        "PORT",
        "PORT_443_TCP",
        "PORT_443_TCP_ADDR",
    ] {
        from(&with(name)).expect(name);
    }
    beside(&with("API_KEY"), &["EU_", "API_KEY"]).expect("it is named");
    beside(&with("EU_URL"), &["EU_", "API_KEY"]).expect("its beginning is named");
    beside(&with("API_KEY_2"), &["EU_", "API_KEY"]).expect_err("it is another one");
    // Nor is a prefix the beginning of a longer word.
    let unknown = among(
        ["PAYMENTSX_URL".into(), "PAYMENT_URL".into()].into_iter(),
        "PAYMENTS",
        &[],
    );
    assert_eq!(unknown, []);
}

/// A process's environment cannot be changed in safe code, so another process is given one.
#[test]
fn the_environment_of_the_process_is_read_and_listed() {
    const MARK: &str = "SHOP_SEEN_BY_THE_CHILD";
    if env::var_os(MARK).is_some() {
        let shown = match ClientConfig::from_env_beside("SHOP", &["SEEN_"]) {
            Ok(config) => format!("{} {}", config.url(), config.policy()),
            Err(refused) => refused.to_string(),
        };
        println!("{shown}");
        return;
    }
    let name =
        "client::config::tests::env::unknown::the_environment_of_the_process_is_read_and_listed";
    let told = |variables: &[(&str, &str)]| {
        let mut child = Command::new(env::current_exe().unwrap());
        child
            .args(["--exact", name, "--nocapture"])
            .env(MARK, "yes");
        child.envs(variables.iter().copied());
        String::from_utf8(child.output().unwrap().stdout).unwrap()
    };
    let good = [
        ("SHOP_URL", "http://shop.example"),
        ("SHOP_PRESET", "internal"),
    ];
    let shown = told(&good);
    assert!(
        shown.contains("http://shop.example internal (provider none)"),
        "{shown}"
    );

    let shown = told(&[good[0], good[1], ("SHOP_DEADLIN", "1s")]);
    let found = "refused: SHOP_DEADLIN is no setting: write `SHOP_DEADLINE`";
    assert!(shown.contains(found), "{shown}");

    let shown = told(&[("SHOP_DEADLINE", "1")]);
    for named in [
        "SHOP_URL is missing",
        "SHOP_PRESET is missing",
        "SHOP_DEADLINE is a duration",
    ] {
        assert!(shown.contains(named), "{shown}");
    }
}

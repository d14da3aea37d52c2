use std::fs;

use seawall::{Preset, Rule};

use super::*;

const USUAL: &str = "--listen 127.0.0.1:0 --upstream https://api.example";

fn parsed(line: &str) -> Result<Command, String> {
    parse(line.split_whitespace().map(Into::into))
}

fn settings(flags: &str) -> Settings {
    match parsed(&format!("{USUAL} {flags}")) {
        Ok(Command::Serve(settings)) => *settings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_payment_preset_has_a_provider_that_honours_keys() {
    let settings = settings("--preset external_payments");
    let policy = settings.client.policy();
    assert_eq!(policy.preset(), Preset::ExternalPayments);
    assert_eq!(policy.provider().name, "generic");
    assert_eq!((settings.admin, &settings.control), (None, &None));
    // No call is cut off by the usual shutdown.
    assert_eq!(settings.drain(), policy.deadline());
}

#[test]
fn every_flag_is_read() {
    let settings = settings(
        "--preset external_payments --provider stripe --admin 127.0.0.1:81 --control c.toml --drain 1m",
    );
    assert_eq!(settings.client.policy().provider().name, "stripe");
    assert_eq!(settings.admin, Some(SocketAddr::from(([127, 0, 0, 1], 81))));
    assert_eq!(settings.control, Some("c.toml".into()));
    assert_eq!(settings.drain(), Duration::from_secs(60));
    assert!(matches!(parsed("--help --preset"), Ok(Command::Help)));
}

#[test]
fn other_presets_have_no_provider() {
    for (name, preset) in [
        ("internal", Preset::Internal),
        ("external", Preset::External),
    ] {
        let settings = settings(&format!("--preset {name}"));
        assert_eq!(settings.client.policy().preset(), preset);
        let line = format!("{USUAL} --preset {name} --provider stripe");
        assert!(parsed(&line).unwrap_err().contains("leave it out"));
    }
}

#[test]
fn a_file_is_a_policy_and_agrees_with_the_flags() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("policy.toml");
    let policy = "preset = \"external_payments\"\nprovider = \"adyen\"\nmax_attempts = 6\n\
                  circuit = { consecutive_failures = 8 }\n\
                  overrides = [{ rule = \"max-attempts\", rationale = \"ticket 4711\" }]";
    fs::write(&file, policy).unwrap();
    let flags = format!("--policy {}", file.display());
    for flags in [flags.clone(), format!("{flags} --preset external_payments")] {
        let settings = settings(&flags);
        let policy = settings.client.policy();
        assert_eq!(
            (policy.max_attempts(), &*policy.provider().name),
            (6, "adyen")
        );
        assert_eq!(policy.overrides()[0].rule(), Rule::MaxAttempts);
    }
    for (more, named) in [
        ("--preset internal", "internal"),
        ("--provider none", "--provider"),
    ] {
        let error = parsed(&format!("{USUAL} {flags} {more}")).unwrap_err();
        assert!(
            error.contains(named) && error.contains("policy.toml"),
            "{error}"
        );
    }
}

#[test]
fn a_file_that_is_no_policy_is_refused_in_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("policy.toml");
    for (written, named) in [
        ("preset = \"internal\"\nmax_attempts =", "line 2"),
        ("preset = \"internal\"\ndeadlin = \"3s\"", "deadlin"),
        ("preset = \"external\"\nmax_attempts = 9", "max-attempts"),
        ("max_attempts = 2", "preset"),
    ] {
        fs::write(&file, written).unwrap();
        let error = parsed(&format!("{USUAL} --policy {}", file.display())).unwrap_err();
        assert!(
            error.contains(named) && error.contains("policy.toml"),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn what_is_wrong_is_one_line_with_a_way_out() {
    let usual = "--listen 127.0.0.1:0 --preset external --upstream";
    for (line, named) in [
        ("", "--listen 127.0.0.1:8080"),
        ("--listen here", "\"here\""),
        ("--listen 127.0.0.1:0", "--upstream https://api.example"),
        (USUAL, "--preset external_payments"),
        (&format!("{USUAL} --preset quick"), "quick"),
        (
            &format!("{USUAL} --preset external_payments --provider acme"),
            "acme",
        ),
        (&format!("{USUAL} --policy /no/such/file"), "/no/such/file"),
        (
            &format!("{USUAL} --preset internal --drain long"),
            "\"long\"",
        ),
        (&format!("{USUAL} --preset internal --admin"), "--admin"),
        ("--sped", "--sped"),
        (&format!("{usual} api.example"), "URL"),
        (&format!("{usual} http://api.example"), "https"),
        (&format!("{usual} https://api.example?x=1"), "query"),
    ] {
        let error = parsed(line).unwrap_err();
        assert!(error.contains(named), "{line}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    // A password is not shown.
    let error = parsed(&format!("{usual} https://me:s3cret@api.example")).unwrap_err();
    assert!(!error.contains("s3cret"), "{error}");
}

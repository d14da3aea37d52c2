//! What a deploy hangs on: exit codes, and that no secret is printed.

use crate::check::{self, Ending, FAILED, PASSED, WRONG_USE};
use tokio::net::TcpListener;
use wiremock::matchers::{header, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const TOKEN: &str = "s3cret";

/// Runs it with `PAYMENTS_TOKEN` set.
async fn preflight(args: &[&str]) -> Ending {
    let variable = |name: &str| match name {
        "PAYMENTS_TOKEN" => Some(TOKEN.to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    let ending = check::run(args.iter().map(Into::into), variable).await;
    let printed = format!("{}{}", ending.out, ending.err);
    assert!(!printed.contains(TOKEN), "{printed}");
    ending
}

async fn gateway(health: u16) -> MockServer {
    let server = MockServer::start().await;
    let authorized = header("authorization", "Bearer s3cret");
    Mock::given(path("/account"))
        .and(authorized)
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    Mock::given(path("/account"))
        .respond_with(ResponseTemplate::new(401))
        .mount(&server)
        .await;
    Mock::given(path("/health"))
        .respond_with(ResponseTemplate::new(health))
        .mount(&server)
        .await;
    server
}

const BEARER: &str = "authorization: Bearer env:PAYMENTS_TOKEN";

#[tokio::test]
async fn a_gateway_that_is_well_lets_the_deploy_go() {
    let gateway = gateway(200).await;
    let url = format!("{}/account", gateway.uri());
    let args = [&url, "--health", "/health", "--header", BEARER];
    let ending = preflight(&args).await;

    assert_eq!((ending.code, ending.err.as_str()), (PASSED, ""));
    assert_eq!(ending.out.lines().count(), 6, "a line per step");
    assert!(!ending.out.contains("FAILED"), "{}", ending.out);
}

#[tokio::test]
async fn any_step_that_fails_stops_the_deploy() {
    let (well, down) = (gateway(200).await, gateway(503).await);
    let account = format!("{}/account", well.uri());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let closed = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);

    let stale = ["--header", "authorization: env:PAYMENTS_TOKEN"];
    for (step, args) in [
        ("url", vec!["gateway.example"]),
        ("url", vec!["http://gateway.invalid"]),
        ("dns", vec!["https://gateway.invalid"]),
        ("tcp", vec![&closed]),
        ("credentials", [&[account.as_str()], &stale[..]].concat()),
        ("health", vec![&down.uri(), "--health", "/health"]),
    ] {
        let ending = preflight(&args).await;
        assert_eq!((ending.code, ending.err.as_str()), (FAILED, ""));
        let failed = ending.out.lines().find(|line| line.starts_with("FAILED"));
        let failed = failed.expect("a failed step");
        assert_eq!(failed.split_whitespace().nth(1), Some(step), "{failed}");
    }
}

#[tokio::test]
async fn programs_read_json() {
    for (health, code) in [(200, PASSED), (503, FAILED)] {
        let gateway = gateway(health).await;
        let ending = preflight(&["--json", &gateway.uri(), "--health", "/health"]).await;
        assert_eq!(ending.code, code);
        let report: serde_json::Value = serde_json::from_str(&ending.out).expect("JSON");
        assert_eq!(report["ok"], code == PASSED);
        assert_eq!(report["steps"][5]["step"], "health");
    }
}

#[tokio::test]
async fn programs_read_json_of_whatever_went_wrong() {
    let closed = "http://127.0.0.1:1";
    for (args, code) in [
        (vec!["gateway.example", "--json"], FAILED),
        (
            vec!["https://user:s3cret@gateway.example", "--json"],
            FAILED,
        ),
        (
            vec!["https://gateway.invalid/?key=s3cret", "--json"],
            FAILED,
        ),
        (vec![closed, "--json", "--header", BEARER], FAILED),
        (vec!["--json"], WRONG_USE),
        (vec!["--json", closed, closed], WRONG_USE),
        (vec!["--halth", "--json", closed], WRONG_USE),
        (vec![closed, "--json", "--timeout"], WRONG_USE),
        (
            vec![closed, "--json", "--header", "authorization: Bearer s3cret"],
            WRONG_USE,
        ),
        (
            vec![closed, "--json", "--header", "authorization: env:NOWHERE"],
            WRONG_USE,
        ),
    ] {
        let ending = preflight(&args).await;
        assert_eq!(ending.code, code, "{args:?}");
        let report: serde_json::Value = serde_json::from_str(&ending.out).expect("JSON");
        assert_eq!(report["ok"], false, "{args:?}");
        let told = if code == FAILED { "steps" } else { "error" };
        assert!(!report[told].is_null(), "{}", ending.out);
    }
}

#[tokio::test]
async fn wrong_use_is_one_line_with_the_fix() {
    let url = "https://gateway.invalid";
    for (args, fix) in [
        (vec![], "https://gateway.example"),
        (vec![url, url], "one at a time"),
        (vec![url, "--halth", "/health"], "`--help`"),
        (vec![url, "-x"], "`--help`"),
        (vec![url, "--health"], "--health /health"),
        (vec![url, "--json=s3cret"], "--json alone"),
        (vec![url, "--timeout", "5"], "--timeout 5s"),
        (vec![url, "--timeout", "0s"], "--timeout 5s"),
        (vec![url, "--timeout", "11m"], "to 10m"),
        (vec![url, "--header", "s3cret"], "no colon"),
        (
            vec![url, "--header", "s3cret:s3cret"],
            "'name: env:VARIABLE'",
        ),
        (
            vec![url, "--header", "authorization: Bearer s3cret"],
            "'name: env:VARIABLE'",
        ),
        (
            vec![url, "--header", "authorization: s3cretenv:PAYMENTS_TOKEN"],
            "'name: env:VARIABLE'",
        ),
        (
            vec![url, "--header", "authorization: env:PAYMENTS_TOKEN s3cret"],
            "'name: env:VARIABLE'",
        ),
        (
            vec![url, "--header", "authorization: env:NOWHERE"],
            "variable NOWHERE",
        ),
        (
            vec![url, "--header", "authorization: env:EMPTY"],
            "variable EMPTY",
        ),
    ] {
        let ending = preflight(&args).await;
        assert_eq!((ending.code, ending.out.as_str()), (WRONG_USE, ""));
        assert_eq!(ending.err.lines().count(), 1, "{}", ending.err);
        assert!(ending.err.contains(fix), "{args:?}: {}", ending.err);
    }
}

#[tokio::test]
async fn a_variable_that_cannot_be_a_header_is_a_failed_step() {
    let gateway = gateway(200).await;
    let with_a_line_break = |_: &str| Some(format!("{TOKEN}\n"));
    let args = [&gateway.uri(), "--header", BEARER].map(Into::into);
    let ending = check::run(args, with_a_line_break).await;

    assert_eq!(ending.code, FAILED);
    assert!(ending.out.contains("line break"), "{}", ending.out);
    assert!(!ending.out.contains(TOKEN), "{}", ending.out);
}

#[tokio::test]
async fn help_wins() {
    let ending = preflight(&["--json", "--help"]).await;
    assert_eq!(
        (ending.code, ending.out.starts_with("Checks")),
        (PASSED, true)
    );
}

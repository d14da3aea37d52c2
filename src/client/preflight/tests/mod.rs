//! Preflights over real loopback sockets: each step's failure is told apart, and the way it is left
//! alone by the rest of the client.
//!
//! Real time, never a paused clock. Nothing sleeps: each side waits for what it must see.

#[cfg(feature = "json")]
mod json;
mod own;
mod reaching;
mod rendering;
mod requests;
mod tls;
mod unnoticed;

use tokio::net::TcpListener;

use super::*;
use crate::client::transport::tests::peer::Identity;
use crate::client::transport::tests::soon;
use crate::{Client, Policy};

const SECRET: &str = "Bearer s3cret";

fn client() -> Client {
    Client::builder(Policy::external())
        .build()
        .expect("plain settings")
}

fn client_trusting(identity: &Identity) -> Client {
    let settings = identity.trusted();
    let root = &settings.root_certificates[0];
    Client::builder(Policy::external())
        .root_certificate(root.clone())
        .build()
        .expect("a valid root")
}

/// An address at which nobody listens.
async fn closed_port() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("an address")
}

/// A check of everything there is.
fn full(client: &Client, url: &str) -> Preflight {
    client
        .preflight(url)
        .credential("authorization", SECRET)
        .credentials_path("/account?of=s3cret")
        .health_path("/health")
}

async fn run(preflight: Preflight) -> PreflightReport {
    let report = soon(preflight.run()).await;
    let (shown, debugged) = (report.to_string(), format!("{report:?}"));
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(!debugged.contains("s3cret"), "{debugged}");
    let steps: Vec<_> = report.steps().iter().map(StepReport::step).collect();
    assert_eq!(steps, Step::ALL, "each step has its line");
    report
}

/// What failed; every step before it passed or was not needed, every later one was skipped.
fn failure(report: &PreflightReport) -> (Step, Problem) {
    assert!(!report.is_ok());
    let failed = report.failed().expect("a failed step");
    for later in report
        .steps()
        .iter()
        .filter(|step| step.step() > failed.step())
    {
        let why = format!("the step {} failed", failed.step());
        assert_eq!(later.outcome(), &Outcome::Skipped { why });
        assert!(later.took().is_zero());
    }
    (failed.step(), failed.problem().expect("it failed"))
}

fn detail(report: &PreflightReport, step: Step) -> &str {
    match report.step(step).expect("each step has its line").outcome() {
        Outcome::Passed { detail } => detail,
        other => panic!("{step}: {other:?}"),
    }
}

fn reason(report: &PreflightReport) -> &str {
    match report.failed().expect("a failed step").outcome() {
        Outcome::Failed { reason, .. } => reason,
        _ => unreachable!("it failed"),
    }
}

//! A payment over reqwest: as a service, and as a middleware. `cargo run --features reqwest,testing
//! --example over_reqwest` starts a gateway of its own, which loses the answer to each first attempt.

use seawall::adapters::reqwest::{ReqwestService, ResilienceMiddleware};
use seawall::testing::{Fault, Gateway};
use seawall::{Body, BoxError, Policy, Provider, Report, ResilienceLayer};
use tower::{Layer, ServiceExt};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let gateway = Gateway::start().await?;
    let url = format!("{}/payments", gateway.url());
    let layer = ResilienceLayer::new(Policy::external_payments(Provider::generic()));

    // The layers around a client that is built to send what it is given once.
    gateway.next(Fault::CommitThenDrop);
    let service = layer.layer(ReqwestService::build(reqwest::Client::builder())?);
    let payment = http::Request::post(&url).body(Body::from("{\"amount\":1000}"))?;
    let answer = service.oneshot(payment).await?;
    print("service", answer.status(), Report::of(&answer));

    // The same for code that calls reqwest-middleware. Both share circuit, gate and budget.
    gateway.next(Fault::CommitThenDrop);
    let client = ResilienceMiddleware::client(layer, reqwest::Client::builder())?;
    let answer = client.post(&url).body("{\"amount\":2000}").send().await?;
    print("middleware", answer.status(), answer.extensions().get());

    let charged = gateway.charges().len();
    println!("two payments, four requests, {charged} charges");
    Ok(())
}

fn print(what: &str, status: http::StatusCode, report: Option<&Report>) {
    if let Some(report) = report {
        println!("{what}: {status} after {report}");
    }
}

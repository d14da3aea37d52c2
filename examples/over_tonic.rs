//! A client of gRPC behind the stack: tonic's `Channel`, a method that may be repeated, one that may not.
//!
//! `cargo run --features tonic --example over_tonic`
//!
//! A tonic server on this machine fails now and then, and the calls tell what became of them. With
//! generated code the client is `LedgerClient::new(service)`, and the rest is the same; here both ends are
//! written by hand, so that no compiler of protobuf is needed.

#[path = "over_tonic/ledger.rs"]
mod ledger;

use seawall::adapters::grpc::{GrpcLayer, error_in};
use seawall::{Policy, Report};
use tonic::Status;
use tonic::transport::Channel;
use tower::Layer;

use ledger::{BALANCE, Client, PAY};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let origin = ledger::serve().await?;

    // The channel and the layer have the same origin. BALANCE only reads, so it may be repeated.
    let layer = GrpcLayer::new(Policy::internal(), &origin)?.idempotent([BALANCE])?;
    let channel = Channel::from_shared(origin)?.connect_lazy();
    let client = Client::new(layer.layer(channel));

    for method in [BALANCE, PAY, PAY] {
        match client.call(method).await {
            Ok(answer) => match answer.extensions().get::<Report>() {
                Some(report) => println!("{method}: {} ({report})", answer.get_ref()),
                None => println!("{method}: {}", answer.get_ref()),
            },
            Err(status) => println!("{method}: {}", told(&status)),
        }
    }
    Ok(())
}

/// What to store with the order, or to show to whoever is on call.
fn told(status: &Status) -> String {
    match error_in(status) {
        Some(error) => format!(
            "{:?}, delivery: {}: {error}",
            status.code(),
            error.delivery()
        ),
        None => status.to_string(),
    }
}

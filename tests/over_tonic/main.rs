//! The stack over a tonic `Channel`, against a tonic server on real sockets.

mod bytes_codec;
mod calls;
mod codes;
mod connections;
mod late;
mod pieces;
mod refusing;
mod server;
mod statuses;
mod streams;
mod times;

use std::time::Duration;

use seawall::adapters::grpc::{GrpcLayer, GrpcStack, error_in};
use seawall::{Backoff, Delivery, Error, Jitter, Policy, PolicyBuilder, StopReason};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tower::Layer;

use bytes_codec::BytesCodec;
use calls::Calls;
use pieces::Piece;
use refusing::Refusing;
use server::{Server, Step};

/// Declared idempotent by [`layer`].
const GET: &str = "/ledger.v1.Ledger/Get";
/// Not declared.
const PAY: &str = "/ledger.v1.Ledger/Pay";

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A quick policy whose budget is in nobody's way.
fn quick() -> PolicyBuilder {
    let backoff = Backoff::new(millis(10), 2.0, millis(40), Jitter::Full).expect("a backoff");
    let policy = Policy::internal().to_builder().backoff(backoff);
    policy.budget(1.0, 600)
}

fn layer(policy: PolicyBuilder, origin: &str) -> GrpcLayer {
    let layer = GrpcLayer::new(policy.build().expect("a policy"), origin).expect("an origin");
    layer.idempotent([GET]).expect("a method")
}

fn stack(policy: PolicyBuilder, origin: &str) -> GrpcStack<Channel> {
    let channel = Endpoint::from_shared(origin.to_owned()).expect("a URI");
    layer(policy, origin).layer(channel.connect_lazy())
}

/// Calls to this server by a quick policy.
fn calls(server: &Server) -> Calls<GrpcStack<Channel>> {
    Calls::new(stack(quick(), &server.origin()))
}

/// Our error behind a status.
fn behind(status: &Status) -> &Error {
    error_in(status).expect("an error of the stack is behind it")
}

fn assert_ended(status: &Status, code: Code, attempts: u32, delivery: Delivery, why: StopReason) {
    let error = behind(status);
    assert_eq!(status.code(), code, "{status}");
    assert_eq!(error.report().attempts(), attempts, "{error}");
    assert_eq!(error.delivery(), delivery, "{error}");
    assert_eq!(error.report().stop_reason(), why, "{error}");
}

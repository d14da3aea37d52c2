//! The whole client, and bodies that break, stall, pour, or belong to an attempt that failed.

mod broken;
mod http2;
mod limits;
mod released;

use std::error::Error as _;

use super::peer::{Peer, read_request, read_to_end, write};
use super::*;
use crate::policy::{Delivery, StopReason};
use crate::{
    Answer, Backoff, BodyError, Client, ClientBuilder, Error, ErrorKind, Jitter, Policy,
    PolicyBuilder, Provider,
};

const TENTH: Duration = Duration::from_millis(100);

/// Four bytes too few.
const TRUNCATED: &str = "HTTP/1.1 201 Created\r\ncontent-length: 8\r\n\r\npaid";
/// No last chunk.
const CUT_OFF: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npaid\r\n";
const WHOLE: &str = "HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\npaid";

fn waiting(policy: &Policy, backoff: Duration) -> PolicyBuilder {
    let backoff = Backoff::new(backoff, 1.0, backoff, Jitter::Proportional(0.1));
    policy
        .to_builder()
        .backoff(backoff.unwrap())
        .budget(0.5, 10)
}

fn payments() -> ClientBuilder {
    let policy = Policy::external_payments(Provider::generic());
    Client::builder(waiting(&policy, TENTH).build().unwrap())
}

/// No key is honoured here.
fn unkeyed() -> ClientBuilder {
    Client::builder(waiting(&Policy::external(), TENTH).build().unwrap())
}

/// One connection for each answer: reads a request, says that, closes. The requests, as they came.
async fn serve(peer: &Peer, answers: impl IntoIterator<Item = &str>) -> Vec<String> {
    let mut requests = Vec::new();
    for answer in answers {
        let mut tcp = peer.accept().await;
        requests.push(read_request(&mut tcp).await);
        write(&mut tcp, answer).await;
    }
    requests
}

/// Answers with this, and keeps the connection until the client has closed it.
async fn serve_open(peer: &Peer, answer: &str) {
    let mut tcp = peer.accept().await;
    read_request(&mut tcp).await;
    write(&mut tcp, answer).await;
    assert!(read_to_end(&mut tcp).await.is_empty());
}

async fn pay(client: ClientBuilder, peer: &Peer) -> Result<crate::Response, Error> {
    let client = client.build().unwrap();
    soon(client.post(peer.url("http")).body("{}").send()).await
}

async fn pay_and_collect(client: ClientBuilder, peer: &Peer) -> Result<Answer, Error> {
    let client = client.build().unwrap();
    soon(client.post(peer.url("http")).body("{}").collect()).await
}

fn body_error(error: &Error) -> &BodyError {
    error.source().unwrap().downcast_ref().unwrap()
}

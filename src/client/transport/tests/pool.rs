//! Which connection a request goes out on.

use http::Method;

use super::peer::{Peer, answer, read_request};
use super::*;
use crate::middleware::extensions::FreshConnection;

/// Lets the runtime look at its sockets, and the connections' tasks run.
async fn settle() {
    for _ in 0..32 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let peer = Peer::new().await;
    let (transport, url) = (transport(), peer.url("http"));
    let server = async {
        let mut tcp = peer.accept().await;
        for _ in 0..2 {
            read_request(&mut tcp).await;
            answer(&mut tcp, "").await;
        }
    };
    let client = async {
        for _ in 0..2 {
            text(post(&transport, &url).await.expect("an answer")).await;
            settle().await;
        }
    };
    tokio::join!(client, server);
}

#[tokio::test]
async fn an_idle_connection_that_the_server_has_closed_is_not_the_callers_trouble() {
    let peer = Peer::new().await;
    let (transport, url) = (transport(), peer.url("http"));

    for call in ["first", "second", "third"] {
        let server = async {
            let mut tcp = peer.accept().await;
            read_request(&mut tcp).await;
            answer(&mut tcp, call).await;
            // Closed between two requests, with no word about it in the answer.
            drop(tcp);
        };
        let client = async { text(post(&transport, &url).await.expect("an answer")).await };
        let (seen, ()) = tokio::join!(client, server);
        assert_eq!(seen, call);
        settle().await;
    }
}

#[tokio::test]
async fn a_fresh_connection_is_neither_taken_from_the_pool_nor_kept() {
    let peer = Peer::new().await;
    let (transport, url) = (transport(), peer.url("http"));
    let get = || request(Method::GET, &url, ());
    let fresh = || {
        let mut request = get();
        request.extensions_mut().insert(FreshConnection);
        request
    };

    let server = async {
        let mut pooled = peer.accept().await;
        read_request(&mut pooled).await;
        answer(&mut pooled, "pooled").await;
        for _ in 0..2 {
            let mut own = peer.accept().await;
            read_request(&mut own).await;
            answer(&mut own, "own").await;
        }
        read_request(&mut pooled).await;
        answer(&mut pooled, "pooled").await;
    };
    let client = async {
        let mut seen = Vec::new();
        for request in [get(), fresh(), fresh(), get()] {
            seen.push(text(send(&transport, request).await.expect("an answer")).await);
            settle().await;
        }
        seen
    };
    let (seen, ()) = tokio::join!(client, server);
    assert_eq!(seen, ["pooled", "own", "own", "pooled"]);
}

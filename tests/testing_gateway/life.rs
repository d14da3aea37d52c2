//! From the gateway's start to its end.

use std::io::ErrorKind;
use std::time::Duration;

use seawall::testing::{Fault, Gateway};
use tokio::task::JoinSet;

use crate::http1::{Http1, ask, pay_to_the_end, payment};
use crate::http2::Http2;
use crate::{assert_ledger, gateway, soon, until};

#[tokio::test]
async fn it_listens_where_it_says() {
    let gateway = gateway().await;
    let address = gateway.address();
    assert_eq!(gateway.url(), format!("http://{address}"));
    let taken = Gateway::builder().address(address).start().await;
    let error = taken.expect_err("somebody listens there");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);

    gateway.shutdown().await;
    let next = Gateway::builder().address(address).start().await;
    let next = next.expect("the address is free again");
    assert_eq!(ask(&next, &payment("a")).await.status, 200);
}

#[tokio::test]
async fn shutdown_ends_every_connection_and_keeps_the_ledger() {
    let gateway = gateway().await;
    let mut idle = Http1::connect(&gateway).await;
    assert_eq!(idle.pay("a").await.status, 200);
    gateway.latency(Duration::from_secs(3_600));
    let mut busy = Http1::connect(&gateway).await;
    busy.send(&payment("b")).await;
    let mut http2 = Http2::connect(&gateway).await;
    let stream = http2.pay("c");
    until(|| gateway.charges().len() == 3).await;

    soon(gateway.shutdown()).await;
    assert_eq!(gateway.counts().in_progress, 0);
    assert_eq!(idle.rest().await.0, "");
    assert_eq!(busy.rest().await.0, "");
    stream.error().await;
    assert!(Http1::try_connect(&gateway).await.is_err());
    // Neither a second time nor a calm changes that.
    soon(gateway.shutdown()).await;
    gateway.calm();
    assert!(Http1::try_connect(&gateway).await.is_err());
    assert_ledger(&gateway, 3, 3);
}

#[tokio::test]
async fn it_ends_with_its_last_clone() {
    let gateway = gateway().await;
    let clone = gateway.clone();
    let address = gateway.address();
    let mut http1 = Http1::connect(&gateway).await;
    drop(gateway);
    assert_eq!(http1.pay("a").await.status, 200);
    drop(clone);
    assert_eq!(http1.rest().await.0, "");
    let refused = tokio::net::TcpStream::connect(address).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn calm_undoes_everything_and_forgets_nothing() {
    let gateway = gateway().await;
    assert_eq!(ask(&gateway, &payment("a")).await.status, 200);
    let hour = Duration::from_secs(3_600);
    gateway.latency(hour);
    gateway.maintenance(hour, Some(hour));
    gateway.rate_limit(Some(0));
    gateway.queue_limit(Some(0));
    gateway.fault(Fault::Garbage, 1.0);
    gateway.next(Fault::Stall);
    gateway.refuse(hour);

    gateway.calm();
    let answer = ask(&gateway, &payment("a")).await;
    assert!(answer.has("idempotent-replayed: true"));
    assert_ledger(&gateway, 1, 1);
}

#[tokio::test]
async fn a_fault_by_chance_is_met_until_it_is_turned_off() {
    let gateway = gateway().await;
    gateway.fault(Fault::HalfHead, 1.0);
    for key in ["a", "b"] {
        let (text, _) = pay_to_the_end(&gateway, key).await;
        assert!(!text.contains("\r\n\r\n"), "{text}");
    }
    gateway.fault(Fault::HalfHead, 0.0);
    assert_eq!(ask(&gateway, &payment("c")).await.status, 200);
    assert_eq!(gateway.counts().met(Fault::HalfHead), 2);
    assert_ledger(&gateway, 3, 3);
}

#[tokio::test]
async fn a_connection_that_says_nothing_counts_for_nothing() {
    let gateway = gateway().await;
    gateway.next(Fault::Garbage);
    drop(Http1::connect(&gateway).await);
    let mut http1 = Http1::connect(&gateway).await;
    http1.send("POST /payments HT").await;
    until(|| gateway.counts().requests == 1).await;
    drop(http1);
    until(|| gateway.counts().in_progress == 0).await;
    assert_eq!(gateway.counts().requests, 1);
    assert_ledger(&gateway, 0, 0);
}

/// A fleet of clients, each with a connection of its own.
async fn two_thousand_connections() {
    let gateway = gateway().await;
    for round in 0..10 {
        let mut clients = JoinSet::new();
        for client in 0..200 {
            let gateway = gateway.clone();
            clients.spawn(async move {
                let key = format!("{round}-{client}");
                assert_eq!(ask(&gateway, &payment(&key)).await.status, 200);
            });
        }
        while let Some(client) = clients.join_next().await {
            client.expect("an answer");
        }
    }
    let counts = gateway.counts();
    assert_eq!(counts.per_second.iter().sum::<u64>(), 2_000);
    assert_ledger(&gateway, 2_000, 2_000);
    soon(gateway.shutdown()).await;
}

#[tokio::test]
async fn it_serves_thousands_of_connections_on_one_thread() {
    two_thousand_connections().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_serves_thousands_of_connections_on_several_threads() {
    two_thousand_connections().await;
}

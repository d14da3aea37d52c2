//! The fake gateway, as plain clients see it: each step and each fault, and what the ledger says.

mod faults_http1;
mod faults_http2;
mod http1;
mod http2;
mod life;
mod payments;
mod weather;

use std::time::Duration;

use seawall::testing::{Fault, Gateway};

/// Far beyond what a loaded machine needs: to meet it is to hang.
const HANG: Duration = Duration::from_secs(60);

async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(HANG, future)
        .await
        .expect("nothing hangs")
}

/// Lets others run until it is so.
async fn until(so: impl Fn() -> bool) {
    soon(async {
        while !so() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn gateway() -> Gateway {
    Gateway::start().await.expect("a free port")
}

/// A gateway whose next request meets this fault.
async fn gateway_with(fault: Fault) -> Gateway {
    let gateway = gateway().await;
    gateway.next(fault);
    gateway
}

/// That many charges in the ledger, and that many keys read.
#[track_caller]
fn assert_ledger(gateway: &Gateway, charges: usize, keys: u64) {
    assert_eq!(gateway.charges().len(), charges, "charges");
    let counts = gateway.counts();
    assert_eq!(counts.charges, charges as u64, "charges counted");
    assert_eq!(counts.keys, keys, "keys counted");
}

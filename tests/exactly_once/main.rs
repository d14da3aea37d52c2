//! The proof that a payment is charged exactly once, and that no report is false: thousands of
//! payments over real sockets, 32 at a time, through every fault of the gateway mixed at random.
//!
//! `SEAWALL_SEED=7 cargo test --all-features --test exactly_once` takes another seed. It is printed,
//! whatever comes of the run. It settles which faults come, and in which order; which payment meets
//! them is up to the machine.

mod audit;
mod shop;
mod storm;

use std::io::Write;
use std::time::Instant;

use seawall::testing::Gateway;

use self::audit::Audit;
use self::shop::{Care, Shelter, Shop};
use self::storm::Storm;

const SEED: u64 = 2025;
const PROOF: usize = 20_000;
const CONTROL: usize = 2_000;
const SHELTERED: usize = 1_500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

fn seed() -> u64 {
    match std::env::var("SEAWALL_SEED") {
        Ok(seed) => seed.parse().expect("SEAWALL_SEED is a number"),
        Err(_) => SEED,
    }
}

/// Says it even if the test passes: a seed that is not known proves nothing.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("a terminal");
}

/// One run: a shop, its gateway, and the storm between them.
struct Run {
    protocol: Protocol,
    care: Care,
    shop: Shop,
    gateway: Gateway,
    storm: Storm,
}

impl Run {
    async fn new(protocol: Protocol, care: Care, shelter: Shelter) -> Self {
        let seed = seed();
        say(&format!("{protocol:?}, {care:?}, {shelter:?}: seed {seed}"));
        let gateway = Gateway::builder().seed(seed).start().await;
        let gateway = gateway.expect("a free port");
        Self {
            protocol,
            care,
            shop: Shop::new(protocol, care, shelter, &gateway, seed),
            storm: Storm::new(protocol, gateway.clone()),
            gateway,
        }
    }

    /// Sends so many payments through the storm.
    async fn sell(&self, payments: usize) -> Audit {
        #[expect(clippy::disallowed_methods, reason = "how long the proof takes")]
        let start = Instant::now();
        let told = self.shop.sell(payments, &self.storm).await;
        let took = start.elapsed();
        assert_eq!(told.len(), payments);
        self.gateway.calm();
        let audit = Audit::new(told, &self.gateway);
        say(&format!(
            "{:?}, {:?}: {took:.1?}, {audit}",
            self.protocol, self.care
        ));
        audit
    }

    /// Every doubt is settled by its key, from a process that has just been started.
    async fn assert_every_doubt_is_settled(&self, audit: Audit) {
        let shop = Shop::new(
            self.protocol,
            self.care,
            Shelter::Out,
            &self.gateway,
            seed(),
        );
        let mut settled = Vec::new();
        for doubt in audit.unknown() {
            settled.push(shop.settle(&doubt).await);
        }
        // Whatever was still on its way has arrived by then, or never will.
        self.gateway.shutdown().await;
        let after = Audit::new(settled, &self.gateway);
        after.assert_all_paid();
        let audit = audit.with_charges_of(after);
        audit.assert_every_report_true();
        audit.assert_nobody_charged_twice();
    }
}

async fn prove(protocol: Protocol) {
    let run = Run::new(protocol, Care::Keys, Shelter::Out).await;
    let audit = run.sell(PROOF).await;
    audit.assert_every_report_true();
    audit.assert_nobody_charged_twice();
    storm::assert_all_met(&run.gateway);
    run.assert_every_doubt_is_settled(audit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_over_http1_are_charged_exactly_once() {
    prove(Protocol::Http1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_over_http2_are_charged_exactly_once() {
    prove(Protocol::Http2).await;
}

/// With circuit and gate: they refuse payments, and what they refuse was never sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_that_the_circuit_refuses_are_charged_at_most_once() {
    let run = Run::new(Protocol::Http1, Care::Keys, Shelter::In).await;
    run.storm.outage();
    let audit = run.sell(SHELTERED).await;
    audit.assert_every_report_true();
    audit.assert_nobody_charged_twice();
    assert!(audit.refused_here() > 0, "{audit}");
    run.assert_every_doubt_is_settled(audit).await;
}

/// The same storm: without keys nothing protects a careless client, or the proof proves nothing.
async fn charges_twice(protocol: Protocol) {
    let run = Run::new(protocol, Care::Careless, Shelter::Out).await;
    let audit = run.sell(CONTROL).await;
    assert!(audit.charged_twice() > 0, "{audit}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_careless_client_without_keys_charges_twice_over_http1() {
    charges_twice(Protocol::Http1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_careless_client_without_keys_charges_twice_over_http2() {
    charges_twice(Protocol::Http2).await;
}

/// Without keys a payment in doubt stays in doubt; it is not sent again.
async fn stays_in_doubt(protocol: Protocol) {
    let run = Run::new(protocol, Care::NoRepeats, Shelter::Out).await;
    let audit = run.sell(CONTROL).await;
    audit.assert_every_report_true();
    audit.assert_nobody_charged_twice();
    assert!(!audit.unknown().is_empty(), "{audit}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_keys_doubts_are_reported_and_nobody_is_charged_twice_over_http1() {
    stays_in_doubt(Protocol::Http1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_keys_doubts_are_reported_and_nobody_is_charged_twice_over_http2() {
    stays_in_doubt(Protocol::Http2).await;
}

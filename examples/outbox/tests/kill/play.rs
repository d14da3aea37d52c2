//! One run: customers who pay, a gateway in trouble, and a service that is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use seawall::testing::{Fault, Gateway};
use tokio::sync::watch;
use tokio::time::{interval, timeout};

use crate::customers::{Shop, Visit, customers};
use crate::service::{Service, browser};

/// To meet it is to hang.
const PATIENCE: Duration = Duration::from_secs(90);
/// Before every second kill, so many customers have been told to wait.
const TOLD_TO_WAIT: usize = 8;

/// What a run is made of.
pub(crate) struct Plan<'a> {
    pub(crate) seed: u64,
    pub(crate) payments: usize,
    pub(crate) kills: usize,
    pub(crate) database: &'a Path,
    pub(crate) key_header: &'a str,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Payments that the service acknowledged, and that the ledger does not have.
    pub(crate) lost: Vec<String>,
    /// Payments that the ledger has more than once.
    pub(crate) twice: Vec<String>,
    pub(crate) paid: u64,
    pub(crate) charges: u64,
    /// Requests of customers that ended without an answer.
    pub(crate) cut_off: usize,
    /// Keys that the gateway saw again after it had charged them.
    pub(crate) replays: u64,
}

pub(crate) async fn play(plan: Plan<'_>) -> Outcome {
    timeout(PATIENCE, run(plan)).await.expect("nothing hangs")
}

async fn run(plan: Plan<'_>) -> Outcome {
    let gateway = Gateway::builder().seed(plan.seed);
    let gateway = gateway.key_header(plan.key_header).start().await;
    let gateway = gateway.expect("a free port");
    trouble(&gateway);

    let program = Path::new(env!("CARGO_BIN_EXE_outbox"));
    let start = || Service::start(program, &gateway.url(), plan.database).expect("it starts");
    let mut service = start();
    let (moved, url) = watch::channel(service.url.clone());
    let told_to_wait = <_>::default();
    let shop = Shop { url, told_to_wait };
    let customers = customers(plan.payments, &shop);

    let mut chance = StdRng::seed_from_u64(plan.seed);
    let share = plan.payments / (plan.kills + 1);
    for kill in 0..plan.kills {
        charged(&gateway, chance.random_range(share / 2..=share)).await;
        if kill % 2 == 1 {
            outage(&gateway, &shop).await;
        }
        service.kill().expect("it was alive");
        trouble(&gateway);
        service = start();
        moved.send_replace(service.url.clone());
    }
    let visits = customers.join_all().await;
    gateway.calm();
    let paid = settled(&service).await;
    outcome(&gateway, &visits, paid)
}

/// Half of all requests meet a fault: answers are lost after the charge and before it.
fn trouble(gateway: &Gateway) {
    gateway.calm();
    gateway.latency(Duration::from_millis(30));
    for (fault, probability) in [
        (Fault::CommitThenDrop, 0.1),
        (Fault::CommitThen503, 0.05),
        (Fault::HalfHead, 0.05),
        (Fault::TruncatedBody, 0.05),
        (Fault::ResetAfterRead, 0.05),
        (Fault::Unavailable, 0.2),
    ] {
        gateway.fault(fault, probability);
    }
}

/// Waits until the gateway has charged so many payments more.
async fn charged(gateway: &Gateway, more: usize) {
    let enough = gateway.charges().len() + more;
    let mut tick = interval(Duration::from_millis(1));
    while gateway.charges().len() < enough {
        tick.tick().await;
    }
}

/// Nothing is charged any more, until customers have left with the promise that it will be.
async fn outage(gateway: &Gateway, shop: &Shop) {
    gateway.maintenance(PATIENCE, None);
    let enough = shop.told_to_wait.load(Relaxed) + TOLD_TO_WAIT;
    let mut tick = interval(Duration::from_millis(1));
    while shop.told_to_wait.load(Relaxed) < enough {
        tick.tick().await;
    }
}

/// Waits until the service has nothing left to do, and says how many are paid.
async fn settled(service: &Service) -> u64 {
    let browser = browser().expect("a valid policy");
    let mut tick = interval(Duration::from_millis(50));
    loop {
        tick.tick().await;
        let summary = browser.get(format!("{}/summary", service.url)).send();
        let summary = summary.await.expect("an answer").bytes().await;
        let counts: BTreeMap<String, u64> =
            serde_json::from_slice(&summary.expect("a body")).expect("counts");
        let refused = counts["declined"] + counts["review"];
        assert_eq!(refused, 0, "the gateway refuses nobody for good");
        if counts["pending"] + counts["unknown"] == 0 {
            return counts["paid"];
        }
    }
}

fn outcome(gateway: &Gateway, visits: &[Vec<Visit>], paid: u64) -> Outcome {
    let (mut once, mut twice) = (BTreeSet::new(), Vec::new());
    let charges = gateway.charges();
    for charge in &charges {
        // Not by its key: one of the gateways does not look at keys.
        let body: serde_json::Value = serde_json::from_slice(&charge.body).expect("our own JSON");
        let payment = body["reference"]
            .as_str()
            .expect("our own field")
            .to_owned();
        if !once.insert(payment.clone()) {
            twice.push(payment);
        }
    }
    let visits = visits.iter().flatten();
    let acknowledged = visits.clone().filter(|visit| visit.acknowledged);
    let promised = acknowledged.map(|visit| visit.payment.clone());
    Outcome {
        lost: promised.filter(|payment| !once.contains(payment)).collect(),
        twice,
        paid,
        charges: charges.len() as u64,
        cut_off: visits.map(|visit| visit.cut_off).sum(),
        replays: gateway.counts().replays,
    }
}

//! `kill -9` in the middle, several times: no payment is lost, none is charged twice. The gateway is
//! real enough to lose answers, the service is the real one, in a process of its own.
//!
//! Two controls show that the same run finds both when one of the two things that prevent them is
//! taken away: the gateway's memory for keys, and the service's database.

mod customers;
mod play;
#[path = "../../src/service.rs"]
mod service;

use play::{Plan, play};
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn no_payment_is_lost_and_none_is_charged_twice() {
    let directory = tempfile::tempdir().unwrap();
    let outcome = play(Plan {
        seed: 11,
        payments: 300,
        kills: 6,
        database: &directory.path().join("outbox.db"),
        key_header: "idempotency-key",
    })
    .await;

    assert_eq!(outcome.lost, [""; 0], "acknowledged and never charged");
    assert_eq!(outcome.twice, [""; 0], "charged more than once");
    assert_eq!(
        outcome.paid, outcome.charges,
        "the service knows each charge"
    );
    // It was worth the trouble: customers were cut off, and the gateway saw keys again that it had
    // charged.
    assert!(outcome.cut_off > 0 && outcome.replays > 0, "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_ignores_keys_charges_twice() {
    let directory = tempfile::tempdir().unwrap();
    let outcome = play(Plan {
        seed: 12,
        payments: 100,
        kills: 2,
        database: &directory.path().join("outbox.db"),
        key_header: "another-header",
    })
    .await;
    assert!(!outcome.twice.is_empty(), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_that_dies_with_its_process_loses_payments() {
    let outcome = play(Plan {
        seed: 13,
        payments: 100,
        kills: 4,
        database: Path::new(":memory:"),
        key_header: "idempotency-key",
    })
    .await;
    assert!(!outcome.lost.is_empty(), "{outcome:?}");
}

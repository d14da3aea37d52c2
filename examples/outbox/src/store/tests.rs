//! The promises of the outbox, each with what breaks it.

use super::*;

const LEASE: Duration = Duration::from_secs(10);
const NOW: SystemTime = SystemTime::UNIX_EPOCH;

fn after(seconds: u64) -> SystemTime {
    NOW + Duration::from_secs(seconds)
}

fn charge(order: &str, amount: i64) -> Charge {
    Charge::new(order, 1, amount, "EUR")
}

fn empty() -> Store {
    Store::open(Path::new(":memory:"), LEASE, NOW).unwrap()
}

async fn accepted(store: &Store, order: &str) -> Claim {
    match store.accept(charge(order, 100), NOW).await.unwrap() {
        Accepted::New(claim) => claim,
        other => panic!("{other:?}"),
    }
}

async fn settled(store: &Store, claim: Claim, next: Next) -> Payment {
    store.settle(claim, next, "code".into()).await.unwrap()
}

#[tokio::test]
async fn a_payment_is_in_doubt_from_its_claim_until_a_call_has_ended() {
    let store = empty();
    let claim = accepted(&store, "17").await;
    assert!(!claim.doubt, "nothing has been sent before this claim");
    let stored = store.payment(claim.payment.id).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.claimed), (State::Unknown, true));
    assert_eq!(stored.first_sent_at, Some(NOW));

    let pending = Next::Pending {
        retry_at: after(60),
    };
    let stored = settled(&store, claim, pending).await;
    assert_eq!((stored.state, stored.claimed), (State::Pending, false));
    assert_eq!(stored.retry_at, Some(after(60)));
    assert_eq!(stored.first_sent_at, None, "nothing was done with the key");
}

#[tokio::test]
async fn the_same_wish_is_the_same_payment_and_another_amount_is_none() {
    let store = empty();
    let claim = accepted(&store, "17").await;
    let again = store.accept(charge("17", 100), NOW).await.unwrap();
    assert!(matches!(again, Accepted::Known(known) if known.id == claim.payment.id));
    let different = store.accept(charge("17", 101), NOW).await.unwrap();
    assert!(matches!(different, Accepted::Different));
    let second_attempt = Charge::new("17", 2, 101, "EUR");
    let new = store.accept(second_attempt, NOW).await.unwrap();
    assert!(matches!(new, Accepted::New(_)));
}

#[tokio::test]
async fn the_same_wish_twice_at_once_is_claimed_once() {
    let store = empty();
    let (one, two) = tokio::join!(
        store.accept(charge("17", 100), NOW),
        store.accept(charge("17", 100), NOW)
    );
    let new = [one.unwrap(), two.unwrap()];
    let claims = new.iter().filter(|a| matches!(a, Accepted::New(_)));
    assert_eq!(claims.count(), 1);
}

#[tokio::test]
async fn a_payment_is_due_at_its_time_and_not_before() {
    let store = empty();
    let claim = accepted(&store, "17").await;
    let retry_at = after(60) + Duration::from_nanos(1);
    settled(&store, claim, Next::Unknown { retry_at }).await;
    assert!(store.claim_due(after(60)).await.unwrap().is_none());
    let due = store.next_due().await.unwrap().unwrap();
    assert!(due >= retry_at, "a moment is rounded up");
    let claim = store.claim_due(due).await.unwrap().unwrap();
    assert!(claim.doubt);
    assert_eq!(
        claim.first_sent_at, NOW,
        "the key is as old as its first use"
    );
}

#[tokio::test]
async fn a_claimed_payment_is_nobody_elses_until_the_claim_lapses() {
    let store = empty();
    let claim = accepted(&store, "17").await;
    let just_before = NOW + LEASE - Duration::from_millis(1);
    assert!(store.claim_due(just_before).await.unwrap().is_none());
    let second = store.claim_due(NOW + LEASE).await.unwrap().unwrap();
    assert!(second.doubt, "whoever held it may have sent it");
    assert_eq!(second.payment.claims, claim.payment.claims + 1);
}

#[tokio::test]
async fn a_lapsed_claim_changes_nothing_any_more() {
    let store = empty();
    let lapsed = accepted(&store, "17").await;
    let second = store.claim_due(NOW + LEASE).await.unwrap().unwrap();
    let stored = settled(&store, lapsed, Next::Declined).await;
    assert_eq!((stored.state, stored.claimed), (State::Unknown, true));
    let stored = settled(&store, second, Next::Paid).await;
    assert_eq!(stored.state, State::Paid);
}

#[tokio::test]
async fn what_is_settled_is_never_due_again() {
    for next in [Next::Paid, Next::Declined, Next::Review] {
        let store = empty();
        let claim = accepted(&store, "17").await;
        settled(&store, claim, next).await;
        assert_eq!(store.next_due().await.unwrap(), None);
        assert!(store.claim_due(after(86_400)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn what_a_dead_process_was_sending_is_due_at_once_and_in_doubt() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("outbox.db");
    let store = Store::open(&file, LEASE, NOW).unwrap();
    let sending = accepted(&store, "17").await;
    let waiting = accepted(&store, "18").await;
    settled(
        &store,
        waiting,
        Next::Pending {
            retry_at: after(60),
        },
    )
    .await;
    drop(store);

    let store = Store::open(&file, LEASE, after(1)).unwrap();
    let claim = store.claim_due(after(1)).await.unwrap().unwrap();
    assert_eq!(claim.payment.id, sending.payment.id);
    assert_eq!(
        claim.payment.charge, sending.payment.charge,
        "key and bytes"
    );
    assert!(claim.doubt && claim.first_sent_at == NOW);
    let too_early = store.claim_due(after(10)).await.unwrap();
    assert!(too_early.is_none(), "the other one waits for its time");
}

#[tokio::test]
async fn one_file_has_one_owner() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("outbox.db");
    let owner = Store::open(&file, LEASE, NOW).unwrap();
    assert!(Store::open(&file, LEASE, NOW).is_err());
    drop(owner);
    assert!(Store::open(&file, LEASE, NOW).is_ok());
}

#[tokio::test]
async fn payments_are_counted_by_state() {
    let store = empty();
    let paid = accepted(&store, "17").await;
    settled(&store, paid, Next::Paid).await;
    accepted(&store, "18").await;
    let counts = store.count().await.unwrap();
    let of = |state| counts.iter().find(|(s, _)| *s == state).unwrap().1;
    assert_eq!(of(State::Paid), 1);
    assert_eq!(of(State::Unknown), 1);
    assert_eq!(of(State::Declined), 0);
}

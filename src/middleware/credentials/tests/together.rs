//! Many attempts, one renewal.

use super::*;
use crate::Deadline;

#[tokio::test(start_paused = true)]
async fn attempts_that_are_refused_together_wait_for_one_renewal() {
    let upstream = Script::new((0..20).map(|_| status(401).after(secs(1))));
    let vault = Vault::holding("a").then_after(secs(2), Brings::Token("b"));
    let signed = Signed::new(&upstream, vault.clone());
    let mut calls = Vec::new();
    for _ in 0..20 {
        calls.push(signed.start(put()).await);
    }
    for call in calls {
        assert_eq!(answered(&call.await.unwrap()), 200);
    }
    assert_eq!((upstream.count(), vault.asked()), (40, 1));
}

#[tokio::test(start_paused = true)]
async fn attempts_that_are_refused_together_share_a_failure_too() {
    let upstream = Script::new((0..20).map(|_| status(401)));
    let vault = Vault::holding("a").then_after(secs(2), Brings::Failure);
    let signed = Signed::new(&upstream, vault.clone());
    let mut calls = Vec::new();
    for _ in 0..20 {
        calls.push(signed.start(put()).await);
    }
    let start = clock::now();
    for call in calls {
        assert_eq!(answered(&call.await.unwrap()), 401);
    }
    assert_eq!((upstream.count(), vault.asked()), (20, 1));
    assert_eq!(
        clock::now() - start,
        secs(2),
        "nobody waits for a second one"
    );
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_away_does_not_cancel_the_renewal_of_the_others() {
    let upstream = Script::new([status(401), status(401)]);
    let vault = Vault::holding("a").then_after(secs(2), Brings::Token("b"));
    let signed = Signed::new(&upstream, vault.clone());
    let first = signed.start(put()).await;
    let second = signed.start(put()).await;
    first.abort();
    assert_eq!(answered(&second.await.unwrap()), 200);
    assert_eq!(vault.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_caller_in_a_hurry_leaves_the_renewal_to_the_next() {
    let upstream = Script::new([status(401), status(401)]);
    let vault = Vault::holding("a").then_after(secs(2), Brings::Token("b"));
    let signed = Signed::new(&upstream, vault.clone());
    let start = clock::now();
    let hasty = with_extension(put(), Deadline::at(start + secs(1)));
    assert_eq!(answered(&signed.send(hasty).await), 401);
    assert_eq!(answered(&signed.send(put()).await), 200);
    assert_eq!(clock::now() - start, secs(2), "it was not begun anew");
    assert_eq!(tokens(&upstream), ["a", "a", "b"]);
    assert_eq!(vault.asked(), 1);
}

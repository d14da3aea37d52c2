//! A renewal has an end, and a source is not stormed.

use super::*;
use crate::middleware::attempt_timeout::AttemptTimeoutLayer;

#[tokio::test(start_paused = true)]
async fn a_renewal_that_hangs_is_given_up() {
    let upstream = Script::new([status(401)]);
    let vault = Vault::holding("a").then_after(secs(3_600), Brings::Token("b"));
    let layer = CredentialsLayer::new(ORIGIN, vault).unwrap();
    let signed = Signed::with(&layer.refresh_timeout(secs(3)), &upstream);
    let start = clock::now();
    assert_eq!(answered(&signed.send(put()).await), 401);
    assert_eq!(clock::now() - start, secs(3));
}

#[tokio::test(start_paused = true)]
async fn attempt_renewal_and_replay_each_have_their_time_and_no_more() {
    let upstream = Script::new([status(401).after(secs(9)), Step::Hang]);
    let vault = Vault::holding("a").then_after(secs(2), Brings::Token("b"));
    let layer = CredentialsLayer::new(ORIGIN, vault).unwrap();
    let timed = AttemptTimeoutLayer::new(secs(10)).layer(upstream.clone());
    let start = clock::now();
    let outcome = layer.layer(timed).oneshot(put()).await;
    assert!(outcome.unwrap_err().is_timeout());
    assert_eq!(clock::now() - start, secs(9 + 2 + 10));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_refused_whatever_it_is_makes_renewals_rare() {
    let fetched = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&fetched);
    let source = super::super::from_fn(move || {
        let number = count.fetch_add(1, SeqCst);
        async move { Ok(bearer(&format!("token-{number}"))) }
    });
    let upstream = Script::new((0..1_000).map(|_| status(401)));
    let signed = Signed::new(&upstream, source);
    // Ten calls a second for a minute.
    for _ in 0..600 {
        signed.send(put()).await.unwrap();
        pass(millis(100)).await;
    }
    // After 0, 1, 3, 7, 15, 31 seconds, a little later for jitter, and the first fetch.
    let fetched = fetched.load(SeqCst);
    assert!((5..=8).contains(&fetched), "{fetched}");
    assert!(upstream.count() <= 600 + fetched);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_every_hour_never_waits() {
    let upstream = Script::new([]);
    let vault = Vault::holding("a");
    let signed = Signed::new(&upstream, vault.clone());
    for token in ["b", "c", "d"] {
        pass(secs(3_600)).await;
        upstream.add([status(401)]);
        let _ = vault.clone().then(Brings::Token(token));
        assert_eq!(answered(&signed.send(put()).await), 200, "{token}");
    }
    assert_eq!(vault.asked(), 3);
}

#[test]
fn an_answer_at_once_makes_no_timer() {
    let answer = without_timers(async {
        Signed::new(&Script::new([]), Vault::holding("a"))
            .send(put())
            .await
    });
    assert_eq!(answered(&answer), 200);
}

#[tokio::test]
async fn it_is_ready_when_the_inner_service_is() {
    let layer = CredentialsLayer::new(ORIGIN, bearer("a")).unwrap();
    let (mut service, mut inner) =
        tower_test::mock::spawn_layer::<Call, http::Response<()>, _>(layer);
    inner.allow(0);
    assert!(service.poll_ready().is_pending());
    inner.allow(1);
    assert!(service.poll_ready().is_ready());
}

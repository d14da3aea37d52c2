//! Answers that are worth one repeat, and answers that mean no.

use super::*;

#[tokio::test(start_paused = true)]
async fn one_repeat_is_all_they_are_worth() {
    for code in [408, 421, 425] {
        let upstream = Script::new([status(code), status(code), status(200)]);
        let outcome = pay(&upstream, keyed()).await;
        assert_eq!(outcome.as_ref().unwrap().status(), code);
        assert_eq!(
            (upstream.count(), outcome.stop()),
            (2, StopReason::RepeatedOnce)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn that_one_is_made() {
    for code in [408, 421, 425] {
        let upstream = Script::new([status(code), status(200)]);
        assert_eq!(pay(&upstream, keyed()).await.unwrap().status(), 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_misdirected_request_goes_out_on_a_new_connection_and_no_other_does() {
    let upstream = Script::new([status(503), status(421), status(503), status(200)]);
    let outcome = pay(&upstream, keyed()).await;
    assert_eq!(outcome.unwrap().status(), 200);
    let fresh: Vec<_> = upstream.seen().iter().map(|seen| seen.fresh).collect();
    assert_eq!(fresh, [false, false, true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_misdirected_post_without_a_key_is_repeated_too() {
    let upstream = Script::new([status(421)]);
    assert!(Stack::new(external(), &upstream).send(post()).await.is_ok());
    assert!(upstream.seen()[1].fresh);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_sheds_load_on_purpose_is_left_alone() {
    let upstream = Script::new([status(503).header("x-envoy-overloaded", "true")]);
    let outcome = pay(&upstream, keyed()).await;
    assert_eq!(
        (upstream.count(), outcome.stop()),
        (1, StopReason::ServerSaysNo)
    );
    let upstream = Script::new([status(503).header("x-envoy-other", "true")]);
    let _ = pay(&upstream, keyed()).await;
    assert_eq!(upstream.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_413_is_repeated_if_it_says_when_and_not_if_it_does_not() {
    let upstream = Script::new([retry_after(413, 5)]);
    assert_eq!(pay(&upstream, keyed()).await.unwrap().status(), 200);
    let gap = gaps(&upstream)[0];
    assert!((5_000..=5_502).contains(&gap), "{gap}");
    let upstream = Script::new([status(413)]);
    assert_eq!(pay(&upstream, keyed()).await.stop(), StopReason::Permanent);
}

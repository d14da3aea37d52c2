//! Within the whole stack: retries, rate limits, and nothing said of the secret.

use std::fmt::Write;

use super::*;
use crate::middleware::{Resilience, ResilienceLayer};
use crate::policy::{Delivery, Refusal, StopReason};
use crate::{ErrorKind, PolicyBuilder, Upstreams};

struct Whole(Resilience<Script>, Upstreams);

impl Whole {
    fn new(policy: PolicyBuilder, upstream: &Script, source: impl Credentials) -> Self {
        let upstreams = Upstreams::with_seed(policy.build().unwrap(), 7);
        Self::over(upstreams, upstream, source)
    }

    fn over(upstreams: Upstreams, upstream: &Script, source: impl Credentials) -> Self {
        Self::with(
            upstreams,
            upstream,
            CredentialsLayer::new(ORIGIN, source).unwrap(),
        )
    }

    fn with(upstreams: Upstreams, upstream: &Script, credentials: CredentialsLayer) -> Self {
        let layer = ResilienceLayer::over(upstreams.clone()).with_credentials(credentials);
        Self(layer.layer(upstream.clone()), upstreams)
    }

    async fn send(&self, request: Call) -> Outcome {
        read_on(self.0.clone().oneshot(request)).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_carries_the_credential_of_its_own_moment() {
    let upstream = Script::new([status(500)]);
    let vault = Vault::holding("a");
    let stack = Whole::new(payments(), &upstream, vault.clone());
    let call = tokio::spawn(read_on(stack.0.clone().oneshot(keyed())));
    settle().await;
    vault.set("b");
    assert_eq!(answered(&call.await.unwrap()), 200);
    assert_eq!(tokens(&upstream), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_replay_is_no_attempt_of_its_own_and_needs_no_backoff() {
    let upstream = Script::new([status(401)]);
    let vault = Vault::holding("a").then(Brings::Token("b"));
    let stack = Whole::new(payments(), &upstream, vault);
    let start = clock::now();
    let outcome = stack.send(keyed()).await;
    assert_eq!(
        (answered(&outcome), outcome.attempts()),
        (StatusCode::OK, 1)
    );
    assert_eq!(clock::now(), start);
    let keys: Vec<_> = upstream.seen().into_iter().map(|seen| seen.key).collect();
    assert_eq!(
        keys,
        [Some("order-1042".to_owned()), Some("order-1042".to_owned())]
    );
}

#[tokio::test(start_paused = true)]
async fn a_401_stays_rejected_and_is_not_retried() {
    let upstream = Script::new([status(401), status(401)]);
    let vault = Vault::holding("a").then(Brings::Token("b"));
    let outcome = Whole::new(payments(), &upstream, vault).send(keyed()).await;
    assert_eq!(answered(&outcome), 401);
    assert_eq!(outcome.delivery(), Delivery::Rejected);
    assert_eq!(outcome.stop(), StopReason::Permanent);
    assert_eq!(outcome.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_replay_that_fails_is_retried_with_the_body_it_had() {
    let upstream = Script::new([status(401), status(503)]);
    let vault = Vault::holding("a").then(Brings::Token("b"));
    let outcome = Whole::new(payments(), &upstream, vault).send(keyed()).await;
    assert_eq!(
        (answered(&outcome), outcome.attempts()),
        (StatusCode::OK, 2)
    );
    assert_eq!(tokens(&upstream), ["a", "b", "b"]);
    let bodies = upstream.seen();
    assert!(bodies.iter().all(|seen| seen.body == "s3cret-body"));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_may_take_as_long_as_an_attempt_and_no_longer() {
    for (time, expected) in [(29, 200), (31, 401)] {
        let upstream = Script::new([status(401)]);
        let vault = Vault::holding("a").then_after(secs(time), Brings::Token("b"));
        let start = clock::now();
        let outcome = Whole::new(payments(), &upstream, vault).send(keyed()).await;
        assert_eq!(answered(&outcome), expected);
        assert_eq!(clock::now() - start, secs(time.min(30)));
    }

    let upstream = Script::new([status(401)]);
    let vault = Vault::holding("a").then_after(secs(31), Brings::Token("b"));
    let patient = CredentialsLayer::new(ORIGIN, vault)
        .unwrap()
        .refresh_timeout(secs(32));
    let upstreams = Upstreams::with_seed(payments().build().unwrap(), 7);
    let outcome = Whole::with(upstreams, &upstream, patient)
        .send(keyed())
        .await;
    assert_eq!(answered(&outcome), 200);
}

#[tokio::test(start_paused = true)]
async fn without_a_credential_the_call_was_not_sent_and_says_when_to_come_again() {
    let upstream = Script::new([]);
    let vault = Vault::default().then(Brings::Failure);
    let stack = Whole::new(payments(), &upstream, vault);
    let outcome = stack.send(keyed()).await;
    assert_eq!(outcome.delivery(), Delivery::NotSent);
    assert!(outcome.comes_again().is_some());
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.code(), "payment_gateway_authentication_failed");
    assert_eq!((error.report().attempts(), upstream.count()), (0, 0));
}

fn refusal(outcome: &Outcome) -> Option<Refusal> {
    outcome.as_ref().err()?.refusal()
}

#[tokio::test(start_paused = true)]
async fn a_429_is_counted_against_the_credential_of_the_source() {
    let upstream = Script::new([retry_after(429, 600)]);
    let vault = Vault::holding("a");
    let stack = Whole::new(external(), &upstream, vault.clone());
    assert_eq!(answered(&stack.send(put()).await), 429);

    let same = stack.send(put()).await;
    assert_eq!(refusal(&same), Some(Refusal::RateLimit));
    let by_hand = |token: &str| with_header(put(), "authorization", &format!("Bearer {token}"));
    let same = stack.send(by_hand("a")).await;
    assert_eq!(
        refusal(&same),
        Some(Refusal::RateLimit),
        "the same, set by hand"
    );
    let sharing = Whole::over(stack.1.clone(), &upstream, bearer("a"));
    let same = sharing.send(put()).await;
    assert_eq!(refusal(&same), Some(Refusal::RateLimit), "another client's");

    assert!(stack.send(by_hand("b")).await.is_ok());
    vault.set("b");
    assert!(stack.send(put()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_429_to_the_replay_is_counted_against_the_new_credential() {
    let upstream = Script::new([status(401), retry_after(429, 600)]);
    let vault = Vault::holding("a").then(Brings::Token("b"));
    let stack = Whole::new(external(), &upstream, vault.clone());
    assert_eq!(answered(&stack.send(put()).await), 429);
    let same = stack.send(put()).await;
    assert_eq!(refusal(&same), Some(Refusal::RateLimit));
    vault.set("a");
    assert!(stack.send(put()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn nothing_that_a_person_may_see_holds_the_secret() {
    let log = Log::new();
    let mut text = String::new();
    let scripts: [(Vec<Step>, Vault); 6] = [
        (vec![], Vault::holding("s3cret-a")),
        (
            vec![status(401)],
            Vault::holding("s3cret-a").then(Brings::Token("s3cret-b")),
        ),
        (
            vec![status(401)],
            Vault::holding("s3cret-a").then(Brings::Failure),
        ),
        (vec![retry_after(429, 600)], Vault::holding("s3cret-a")),
        (
            (0..4).map(|_| Step::Hang).collect(),
            Vault::holding("s3cret-a"),
        ),
        (vec![], Vault::default().then(Brings::Failure)),
    ];
    for (steps, vault) in scripts {
        let upstream = Script::new(steps);
        let stack = Whole::new(payments(), &upstream, vault);
        for _ in 0..2 {
            match stack.send(keyed()).await {
                Ok(answer) => write!(text, "{:?}", answer.extensions()).unwrap(),
                Err(error) => write!(text, "{error} {error:?}").unwrap(),
            }
        }
        write!(text, "{:?} {:?}", stack.0, stack.1).unwrap();
    }
    let upstream = Script::new((0..5).map(|_| status(401)));
    let refused = Whole::new(external(), &upstream, bearer("s3cret-a"));
    for _ in 0..5 {
        refused.send(put()).await.unwrap();
    }
    let logged = log.text();
    for said in [
        "authentication failing",
        "credential renewed",
        "credential not renewed",
    ] {
        assert!(logged.contains(said), "{said}");
    }
    assert!(!logged.contains("s3cret"), "{logged}");
    assert!(!text.contains("s3cret"), "{text}");
    let credential = bearer("s3cret-a");
    assert_eq!(format!("{credential:?}"), "Credential");
}

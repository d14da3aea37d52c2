//! A renewal's time is not the upstream's.

use super::*;
use crate::Upstreams;
use crate::event::{Event, Observer};
use crate::middleware::ResilienceLayer;

/// How long each attempt took.
#[derive(Default)]
struct Took(Mutex<Vec<Duration>>);

impl Observer for Took {
    fn observe(&self, event: &Event<'_>) {
        if let Event::AttemptFinished { took, .. } = event {
            self.0.lock().unwrap().push(*took);
        }
    }
}

async fn took(vault: Vault, steps: impl IntoIterator<Item = Step>) -> Vec<Duration> {
    let took = Arc::new(Took::default());
    let upstreams = Upstreams::builder(external().build().unwrap())
        .observer(Arc::clone(&took))
        .build();
    let credentials = CredentialsLayer::new(ORIGIN, vault).unwrap();
    let stack = ResilienceLayer::over(upstreams).with_credentials(credentials);
    let _ = stack.layer(Script::new(steps)).oneshot(put()).await;
    let took = took.0.lock().unwrap();
    took.clone()
}

#[tokio::test(start_paused = true)]
async fn an_attempt_took_what_the_upstream_took() {
    let vault = Vault::holding("a").then_after(secs(5), Brings::Token("b"));
    let steps = [status(401).after(secs(1)), status(200).after(secs(2))];
    assert_eq!(took(vault, steps).await, [secs(3)]);

    let vault = Vault::default().then_after(secs(5), Brings::Token("a"));
    let steps = [status(200).after(secs(2))];
    assert_eq!(took(vault, steps).await, [secs(2)], "before it was sent");

    let vault = Vault::holding("a").then_after(secs(5), Brings::Failure);
    let steps = [status(401).after(secs(1))];
    assert_eq!(took(vault, steps).await, [secs(1)], "in vain");
}

#[tokio::test(start_paused = true)]
async fn a_slow_token_endpoint_trips_no_circuit() {
    let slow = external().slow_call(secs(3)).build().unwrap();
    let upstreams = Upstreams::with_seed(slow, 7);
    for _ in 0..10 {
        let vault = Vault::holding("a").then_after(secs(9), Brings::Token("b"));
        let credentials = CredentialsLayer::new(ORIGIN, vault).unwrap();
        let stack = ResilienceLayer::over(upstreams.clone()).with_credentials(credentials);
        let upstream = Script::new([status(401)]);
        let outcome = stack.layer(upstream).oneshot(put()).await;
        assert_eq!(answered(&outcome), 200);
    }
}

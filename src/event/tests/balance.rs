//! Of the attempts that are started, none is lost and none is counted twice, wherever a call ends.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use super::*;
use crate::policy::Refusal;

/// How many attempts are under way, how many were started, and what was refused.
#[derive(Default)]
struct Balance {
    under_way: AtomicI64,
    started: AtomicI64,
    throttled: AtomicI64,
}

impl Observer for Balance {
    fn observe(&self, event: &Event<'_>) {
        match event {
            Event::AttemptStarted { .. } => {
                self.started.fetch_add(1, Relaxed);
                self.under_way.fetch_add(1, Relaxed);
            }
            Event::AttemptFinished { .. } | Event::AttemptAbandoned { .. } => {
                self.under_way.fetch_sub(1, Relaxed);
            }
            Event::CallRefused {
                refusal: Refusal::Throttle,
                ..
            } => {
                self.throttled.fetch_add(1, Relaxed);
            }
            _ => {}
        }
    }
}

/// Five calls at once of an upstream that fails and hangs, all dropped after this time.
async fn after(time: Duration) -> (i64, i64, i64) {
    let balance = Arc::new(Balance::default());
    let policy = external().backoff(steady()).max_concurrency(2);
    let upstreams = Upstreams::builder(policy.build().unwrap())
        .seed(7)
        .observer(Arc::clone(&balance))
        .build();
    let slow = || status(500).after(millis(300));
    let upstream = Script::new([slow(), slow(), failure(Failure::Reset), Step::Hang]);
    let service = ResilienceLayer::over(upstreams).layer(upstream);
    let calls = (0..5).map(|_| tokio::spawn(service.clone().oneshot(get())));
    let calls: Vec<_> = calls.collect();
    pass(time).await;
    let under_way = balance.under_way.load(Relaxed);
    assert!((0..=2).contains(&under_way), "{under_way} at {time:?}");
    calls.iter().for_each(tokio::task::JoinHandle::abort);
    settle().await;
    let count = |count: &AtomicI64| count.load(Relaxed);
    assert_eq!(count(&balance.under_way), 0, "dropped after {time:?}");
    (
        under_way,
        count(&balance.started),
        count(&balance.throttled),
    )
}

#[tokio::test(start_paused = true)]
async fn wherever_calls_are_dropped_what_was_started_has_ended() {
    let mut told = Vec::new();
    for tenth in 0..150 {
        told.push(after(millis(tenth * 100)).await);
    }
    assert!(told.iter().any(|(under_way, ..)| *under_way == 2));
    assert!(told.iter().any(|(_, started, _)| *started > 5));
    assert!(told.iter().any(|(.., throttled)| *throttled > 0));
}

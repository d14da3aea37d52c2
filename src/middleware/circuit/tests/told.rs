//! What the observers are told an attempt took.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::event::{Event, Observer};

/// How each attempt ended, and what it took.
#[derive(Default)]
struct Took(Mutex<Vec<(&'static str, Duration)>>);

impl Observer for Took {
    fn observe(&self, event: &Event<'_>) {
        let (how, took) = match event {
            Event::AttemptFinished { took, .. } => ("finished", *took),
            Event::AttemptAbandoned { took, .. } => ("abandoned", *took),
            _ => return,
        };
        self.0.lock().unwrap().push((how, took));
    }
}

#[tokio::test(start_paused = true)]
async fn however_an_attempt_ends_its_time_is_told() {
    let told = Arc::new(Took::default());
    let policy = external().build().unwrap();
    let upstreams = Upstreams::builder(policy)
        .observer(Arc::clone(&told))
        .build();
    let upstream = Script::new([
        status(200).after(secs(1)),
        status(503).after(secs(2)),
        failure(Failure::Reset).after(secs(3)),
        status(200).after(secs(9)),
    ]);
    let service = CircuitLayer::new(upstreams).layer(upstream);
    for _ in 0..3 {
        let _ = service.clone().oneshot(put()).await;
    }
    let given_up = tokio::time::timeout(secs(4), service.oneshot(put()));
    assert!(given_up.await.is_err());
    assert_eq!(
        *told.0.lock().unwrap(),
        [
            ("finished", secs(1)),
            ("finished", secs(2)),
            ("finished", secs(3)),
            ("abandoned", secs(4)),
        ]
    );
}

//! Observers that misbehave, and those that act on what they are told.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;

use super::*;
use crate::clock;
use crate::upstream::WeakUpstreams;

/// Panics at every event.
struct Clumsy;

impl Observer for Clumsy {
    fn observe(&self, event: &Event<'_>) {
        panic!("at {}", event.name());
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_that_panics_ends_no_call_keeps_no_permit_and_is_logged() {
    let log = Log::new();
    let diary = Arc::new(Diary::default());
    let upstreams = Upstreams::builder(external().max_attempts(1).build().unwrap())
        .observer(Clumsy)
        .observer(Arc::clone(&diary))
        .build();
    let upstream = Script::new([retry_after(503, 60), Step::Hang]);
    let service = ResilienceLayer::over(upstreams).layer(upstream);
    let answer = service.clone().oneshot(get()).await.unwrap();
    assert_eq!(answer.status(), 503);
    pass(secs(70)).await;
    // The probe is dropped: it tells of that while it is.
    let probe = tokio::spawn(service.clone().oneshot(get()));
    pass(secs(3)).await;
    probe.abort();
    settle().await;
    pass(secs(2)).await;
    assert_eq!(service.oneshot(get()).await.unwrap().status(), 200);
    let told = diary.0.lock().unwrap();
    let last = [
        "attempt_finished 1 200",
        "circuit_changed HalfOpen to Paced",
    ];
    assert_eq!(told[told.len() - 2..], last, "{told:?}");
    assert!(log.count("an observer has panicked event=\"attempt_abandoned\"") == 1);
}

/// At the first event of this name it does whatever a user may do with the upstreams.
struct Busy {
    at: &'static str,
    upstreams: OnceLock<WeakUpstreams>,
    has_begun: AtomicBool,
    has_acted: AtomicBool,
}

impl Observer for Busy {
    fn observe(&self, event: &Event<'_>) {
        if event.name() != self.at || self.has_begun.swap(true, Relaxed) {
            return;
        }
        let upstreams = self.upstreams.get().and_then(WeakUpstreams::upgrade);
        act(&upstreams.expect("they are in use"));
        self.has_acted.store(true, Relaxed);
    }

    fn attached(&self, upstreams: &WeakUpstreams) {
        self.upstreams.set(upstreams.clone()).unwrap();
    }
}

fn act(upstreams: &Upstreams) {
    let control = upstreams.control();
    assert_eq!(control.snapshots().len(), 1);
    let soon = clock::wall() + secs(60);
    control.open_until(GATEWAY, soon, "busy").unwrap();
    control.cancel_maintenance(GATEWAY).unwrap();
    control.set_rate(GATEWAY, Some(50.0)).unwrap();
    control.reset(GATEWAY).unwrap();
    let other = upstreams.policy().to_builder().deadline(secs(19));
    upstreams.apply(other.build().unwrap()).unwrap();
    let service = ResilienceLayer::over(upstreams.clone()).layer(Script::new([]));
    tokio::spawn(service.oneshot(get()));
}

const GATEWAY: &str = "https://gateway.test:443";

/// Whether all of this happens beside an observer that acts at one event.
async fn comes_to_its_end(busy: Arc<Busy>) {
    let policy = external().declared_peak_per_second(10.0).max_attempts(2);
    let builder = Upstreams::builder(policy.build().unwrap());
    #[cfg(feature = "metrics")]
    let builder = builder.observer(metrics::Metrics::new());
    let upstreams = builder.observer(busy).build();
    let upstream = Script::new([status(500), status(429), retry_after(503, 60)]);
    let service = ResilienceLayer::over(upstreams.clone()).layer(upstream);
    for _ in 0..3 {
        let _ = service.clone().oneshot(get()).await;
    }
    upstreams.control().lift_gate(GATEWAY).unwrap();
    let calmer = upstreams.policy().to_builder().deadline(secs(20));
    upstreams.apply(calmer.build().unwrap()).unwrap();
    settle().await;
}

#[test]
fn an_observer_may_look_act_and_call_at_every_event() {
    for at in [
        "attempt_started",
        "attempt_finished",
        "retry_scheduled",
        "retry_refused",
        "call_refused",
        "throttle_slowed",
        "gate_closed",
        "gate_lifted",
        "circuit_changed",
        "operator_acted",
        "configuration_changed",
    ] {
        let busy = Arc::new(Busy {
            at,
            upstreams: OnceLock::new(),
            has_begun: AtomicBool::new(false),
            has_acted: AtomicBool::new(false),
        });
        let (done, is_done) = mpsc::channel();
        let beside = Arc::clone(&busy);
        // In a thread of its own: a lock that is held would hold this test for ever.
        thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_time().start_paused(true).build().unwrap();
            runtime.block_on(comes_to_its_end(beside));
            done.send(()).unwrap();
        });
        assert!(
            is_done.recv_timeout(secs(20)).is_ok(),
            "{at}: a lock is held"
        );
        assert!(
            busy.has_acted.load(Relaxed),
            "{at} never came, or it failed"
        );
    }
}

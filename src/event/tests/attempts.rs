//! Every attempt that is started is either finished or abandoned.

use super::*;
use crate::Error;
use crate::policy::Progress;

/// What is told of attempts alone, with their methods.
#[derive(Default)]
struct Attempts(Mutex<Vec<String>>);

impl Observer for Attempts {
    fn observe(&self, event: &Event<'_>) {
        let line = match event {
            Event::AttemptStarted { number, method, .. } => format!("started {number} {method}"),
            Event::AttemptFinished {
                number,
                method,
                end,
                ..
            } => format!("finished {number} {method} {}", end.as_str()),
            Event::AttemptAbandoned {
                number,
                method,
                took,
                ..
            } => format!("abandoned {number} {method} after {}s", took.as_secs()),
            _ => return,
        };
        self.0.lock().unwrap().push(line);
    }
}

impl Attempts {
    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn watched(
    policy: PolicyBuilder,
    upstream: &Script,
) -> (Arc<Attempts>, crate::middleware::Resilience<Script>) {
    let attempts = Arc::new(Attempts::default());
    let upstreams = Upstreams::builder(policy.build().unwrap())
        .seed(7)
        .observer(Arc::clone(&attempts))
        .build();
    let service = ResilienceLayer::over(upstreams).layer(upstream.clone());
    (attempts, service)
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_started_and_finished_and_so_is_the_next() {
    let upstream = Script::new([status(500), failure(Failure::Reset), status(201)]);
    let (attempts, service) = watched(payments().backoff(steady()), &upstream);
    service.oneshot(keyed()).await.unwrap();
    assert_eq!(
        attempts.taken(),
        [
            "started 1 POST",
            "finished 1 POST 500",
            "started 2 POST",
            "finished 2 POST reset",
            "started 3 POST",
            "finished 3 POST 201",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_whose_call_is_dropped_is_abandoned() {
    let (attempts, service) = watched(external(), &Script::new([Step::Hang]));
    let call = tokio::spawn(service.oneshot(get()));
    pass(secs(3)).await;
    call.abort();
    settle().await;
    assert_eq!(
        attempts.taken(),
        ["started 1 GET", "abandoned 1 GET after 3s"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_never_sent_is_abandoned() {
    let unsent = Error::unsent(Failure::Deadline(Progress::Unsent));
    let (attempts, service) = watched(external(), &Script::new([Step::Fail(unsent.into())]));
    assert!(service.oneshot(get()).await.is_err());
    assert_eq!(
        attempts.taken(),
        ["started 1 GET", "abandoned 1 GET after 0s"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_refused_starts_no_attempt() {
    let upstream = Script::new([retry_after(503, 600)]);
    let (attempts, service) = watched(external(), &upstream);
    let _ = service.clone().oneshot(get()).await;
    attempts.taken();
    assert!(service.oneshot(get()).await.is_err());
    assert_eq!(attempts.taken(), [""; 0]);
}

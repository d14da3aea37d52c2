//! The gateway of the incident, as an in-process `Service`: 503s during its maintenance, then a
//! bounded queue before a server that starts cold.

mod ledger;
mod queue;

pub(crate) use queue::Rates;

use crate::model::chance::{Stream, stream};
use crate::model::clock::Clock;
use crate::model::record::{GatewayRecord, lock};
use crate::model::scenario::{RetryAfter, Scenario, Timeline};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use ledger::Ledger;
use queue::Queue;
use rand::RngExt;
use rand::rngs::StdRng;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, oneshot};

/// The header with a payment's id: the merchant's reference, which the gateway only stores.
pub(crate) const REFERENCE: &str = "merchant-reference";
/// The header that makes a charge idempotent.
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A 503 of the window takes this long: somebody has to answer it.
const REFUSAL_TAKES: Duration = Duration::from_millis(10);
/// 2025-11-12 14:00 UTC, when the window starts on the virtual wall clock (a whole second).
const WINDOW_STARTS: Duration = Duration::from_secs(1_762_956_000);

/// A handle to the gateway; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    timeline: Timeline,
    retry_after: RetryAfter,
    commit_then_drop: f64,
    work: Notify,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    queue: Queue<Job>,
    restarted: bool,
    ledger: Ledger,
    chance: StdRng,
    record: GatewayRecord,
}

/// The gateway's load at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Requests in the sixty whole seconds before.
    pub(crate) last_minute: u32,
    /// Requests that it works on, or that wait for it.
    pub(crate) outstanding: usize,
}

/// An accepted request. It lives here, not in its client's future: the slot is spent either way.
#[derive(Debug)]
struct Job {
    payment: usize,
    key: Option<HeaderValue>,
    answer: oneshot::Sender<Served>,
}

#[derive(Debug)]
enum Served {
    Charged,
    /// Charged, and then the connection broke.
    Dropped,
}

impl Gateway {
    /// A warm gateway at the start of the run, and the task that serves its queue.
    pub(crate) fn start(scenario: &Scenario, payments: usize, clock: Clock) -> Self {
        let timeline = scenario.timeline();
        let rates = Rates::of(scenario);
        let gateway = Self {
            shared: Arc::new(Shared {
                clock,
                timeline,
                retry_after: scenario.retry_after,
                commit_then_drop: scenario.commit_then_drop,
                work: Notify::new(),
                state: Mutex::new(State {
                    queue: Queue::warm(scenario.queue_limit, rates),
                    restarted: false,
                    ledger: Ledger::new(payments),
                    chance: stream(scenario.seed, Stream::Gateway),
                    record: GatewayRecord::new(timeline.end),
                }),
            }),
        };
        tokio::spawn(gateway.clone().serve());
        gateway
    }

    /// What it has seen so far.
    pub(crate) fn seen(&self) -> Seen {
        let state = lock(&self.shared.state);
        let second = self.shared.clock.now().as_secs() as usize;
        let last_minute = second.saturating_sub(60)..second;
        let offered = state.record.offered.all();
        Seen {
            last_minute: offered.get(last_minute).unwrap_or_default().iter().sum(),
            outstanding: state.queue.outstanding(),
        }
    }

    /// Everything it has seen and charged; it starts again from nothing.
    pub(crate) fn take_record(&self) -> GatewayRecord {
        let mut state = lock(&self.shared.state);
        let ledger = std::mem::replace(&mut state.ledger, Ledger::new(0));
        let mut record = std::mem::replace(&mut state.record, GatewayRecord::new(Duration::ZERO));
        record.charges = ledger.into_charges();
        record
    }

    /// Serves the queue on its absolute schedule, for as long as the runtime lives.
    async fn serve(self) {
        loop {
            let next = lock(&self.shared.state).queue.next_done();
            match next {
                Some(done) => {
                    self.shared.clock.sleep_until(done).await;
                    let now = self.shared.clock.now();
                    lock(&self.shared.state).finish(now, self.shared.commit_then_drop);
                }
                None => self.shared.work.notified().await,
            }
        }
    }

    async fn answer(self, request: Request<Full<Bytes>>) -> io::Result<Response<Full<Bytes>>> {
        let now = self.shared.clock.now();
        if self.shared.timeline.in_window(now) {
            lock(&self.shared.state).record.offered.add(now);
            self.shared.clock.sleep_until(now + REFUSAL_TAKES).await;
            return Ok(self.maintenance());
        }
        let Some(answer) = self.accept(now, &request) else {
            return Ok(response(StatusCode::SERVICE_UNAVAILABLE));
        };
        match answer.await {
            Ok(Served::Charged) => Ok(response(StatusCode::OK)),
            Ok(Served::Dropped) | Err(_) => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }

    /// Queues a request; `None` when the queue is full.
    fn accept(
        &self,
        now: Duration,
        request: &Request<Full<Bytes>>,
    ) -> Option<oneshot::Receiver<Served>> {
        let mut state = lock(&self.shared.state);
        // Slots that ended by now are free, also when the serving task has yet to run.
        state.finish(now, self.shared.commit_then_drop);
        if !state.restarted && now >= self.shared.timeline.window_end {
            state.restarted = true;
            state.queue.restart(self.shared.timeline.window_end);
        }
        let (answer, answered) = oneshot::channel();
        let job = Job {
            payment: reference(request),
            key: request.headers().get(IDEMPOTENCY_KEY).cloned(),
            answer,
        };
        let accepted = state.queue.offer(now, job).is_ok();
        let outstanding = state.queue.outstanding();
        state.record.offered.add(now);
        state.record.outstanding.raise(now, outstanding);
        if !accepted {
            state.record.refused.add(now);
            return None;
        }
        drop(state);
        self.shared.work.notify_one();
        Some(answered)
    }

    /// The window's 503.
    fn maintenance(&self) -> Response<Full<Bytes>> {
        let mut response = response(StatusCode::SERVICE_UNAVAILABLE);
        let headers = response.headers_mut();
        match self.shared.retry_after {
            RetryAfter::Seconds(seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            RetryAfter::Date => {
                let timeline = &self.shared.timeline;
                let window = timeline.window_end.saturating_sub(timeline.window_start);
                let elapsed = self
                    .shared
                    .clock
                    .now()
                    .saturating_sub(timeline.window_start);
                headers.insert(header::RETRY_AFTER, http_date(WINDOW_STARTS + window));
                headers.insert(header::DATE, http_date(WINDOW_STARTS + elapsed));
            }
            RetryAfter::None => {}
        }
        response
    }
}

impl State {
    /// Charges and answers every job whose slot has ended.
    fn finish(&mut self, now: Duration, commit_then_drop: f64) {
        while let Some(job) = self.queue.finish(now) {
            self.ledger.charge(job.payment, job.key);
            let dropped = commit_then_drop > 0.0 && self.chance.random::<f64>() < commit_then_drop;
            // The client may have gone; its slot and its charge stay.
            let _ = job.answer.send(if dropped {
                Served::Dropped
            } else {
                Served::Charged
            });
        }
    }
}

impl tower_service::Service<Request<Full<Bytes>>> for Gateway {
    type Response = Response<Full<Bytes>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        Box::pin(self.clone().answer(request))
    }
}

/// The payment a request is for; one that names none is charged to nobody.
fn reference(request: &Request<Full<Bytes>>) -> usize {
    let text = request
        .headers()
        .get(REFERENCE)
        .and_then(|value| value.to_str().ok());
    text.and_then(|text| text.parse().ok())
        .unwrap_or(usize::MAX)
}

fn response(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = status;
    response
}

fn http_date(since_epoch: Duration) -> HeaderValue {
    let time: SystemTime = UNIX_EPOCH + since_epoch;
    HeaderValue::try_from(httpdate::fmt_http_date(time)).expect("an HTTP-date is plain ASCII")
}

#[cfg(test)]
mod tests;

//! A night on call: everything that can happen to one upstream, event by event, on a paused clock.
//!
//! One payment a second. What the gateway does is a matter of the time alone; what is told of it has
//! to be this, in this order, and nothing else.

#![cfg(feature = "middleware")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use seawall::event::{AttemptEnd, Event, Observer};
use seawall::{Policy, Provider, ResilienceLayer, Rule, Upstreams};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tower::{Layer, ServiceExt, service_fn};

type Payment = Request<Full<Bytes>>;
type Answer = Response<Full<Bytes>>;

/// What was told, equal lines next to each other put together, and how many attempts are under way.
#[derive(Debug, Default)]
struct Diary {
    lines: Mutex<Vec<(String, usize)>>,
    under_way: Mutex<i64>,
}

impl Diary {
    /// What was told since it was read last; `×3` for a line that came three times.
    fn read(&self) -> Vec<String> {
        let lines = std::mem::take(&mut *self.lines.lock().unwrap());
        let told = |(line, count): (String, usize)| match count {
            1 => line,
            _ => format!("{line} ×{count}"),
        };
        lines.into_iter().map(told).collect()
    }

    fn write(&self, line: String) {
        let mut lines = self.lines.lock().unwrap();
        match lines.last_mut() {
            Some((last, count)) if *last == line => *count += 1,
            _ => lines.push((line, 1)),
        }
    }
}

impl Observer for Diary {
    fn observe(&self, event: &Event<'_>) {
        let what = match event {
            Event::AttemptStarted { .. } => {
                *self.under_way.lock().unwrap() += 1;
                return;
            }
            Event::AttemptFinished { number, end, .. } => {
                *self.under_way.lock().unwrap() -= 1;
                format!("{number}: {}", short(end))
            }
            Event::AttemptAbandoned { number, .. } => {
                *self.under_way.lock().unwrap() -= 1;
                number.to_string()
            }
            Event::RetryScheduled {
                number, because, ..
            } => {
                format!("{number} because of {}", short(because))
            }
            Event::RetryRefused {
                reason, because, ..
            } => {
                format!("{} because of {}", reason.as_str(), short(because))
            }
            Event::CallRefused { refusal, .. } => refusal.as_str().to_owned(),
            Event::GateClosed { status, asked, .. } => format!("{} for {asked:?}", status.as_str()),
            Event::CircuitChanged { from, to, .. } => format!("{from:?} to {to:?}"),
            Event::OverrideInForce { overridden, .. } => overridden.to_string(),
            Event::ConfigurationChanged { changes } => changes
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
            Event::OperatorActed { act, .. } => act.to_string(),
            Event::ThrottleSlowed { rate, because, .. } => {
                format!("to {rate:.2}/s because of {}", because.as_str())
            }
            Event::AuthenticationFailing {
                status, refused, ..
            } => format!("{} ×{refused}", status.as_str()),
            _ => String::new(),
        };
        self.write(format!("{} {what}", event.name()).trim_end().to_owned());
    }
}

fn short(end: &AttemptEnd) -> String {
    end.as_str().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "a test reads the paused clock")]
fn now() -> Instant {
    Instant::now()
}

/// What the gateway answers at this second of the night, and after which time.
fn gateway(second: u64) -> (Answer, Duration) {
    let quick = Duration::from_millis(20);
    let answer = match second {
        60 => answer(500),
        70 => answer(402),
        80..=85 => answer(401),
        90 => with(answer(503), "retry-after", "soon"),
        120 => with(answer(429), "retry-after", "2"),
        200..230 => with(answer(503), "retry-after", "30"),
        400..410 => answer(500),
        _ => answer(200),
    };
    match second {
        700 => (answer, Duration::from_secs(3_600)),
        _ => (answer, quick),
    }
}

fn answer(status: u16) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

fn with(mut answer: Answer, name: &'static str, value: &'static str) -> Answer {
    answer.headers_mut().insert(name, value.parse().unwrap());
    answer
}

/// The payments of a night, one a second.
struct Night {
    start: Instant,
    diary: Arc<Diary>,
    upstreams: Upstreams,
    calls: JoinSet<()>,
}

impl Night {
    fn begin(policy: Policy) -> Self {
        let diary = Arc::new(Diary::default());
        let upstreams = Upstreams::builder(policy).seed(2_025);
        Self {
            start: now(),
            upstreams: upstreams.observer(Arc::clone(&diary)).build(),
            diary,
            calls: JoinSet::new(),
        }
    }

    /// Goes on until this second, and tells what has happened.
    async fn until(&mut self, second: u64) -> Vec<String> {
        let start = self.start;
        let gateway = service_fn(move |_: Payment| async move {
            let (answer, after) = gateway((now() - start).as_secs());
            sleep_until(now() + after).await;
            Ok::<_, std::io::Error>(answer)
        });
        let layer = ResilienceLayer::over(self.upstreams.clone());
        for second in (now() - start).as_secs()..second {
            let payment = Request::post("https://gateway.example/payments");
            let payment = payment.body(Full::from(Bytes::from(format!("{second}"))));
            let call = layer.layer(gateway).oneshot(payment.unwrap());
            self.calls.spawn(async move { drop(call.await) });
            sleep_until(start + Duration::from_secs(second + 1)).await;
        }
        self.diary.read()
    }
}

/// A budget that lets the failures of a quiet night be repeated.
fn policy() -> Policy {
    let payments = Policy::external_payments(Provider::generic()).to_builder();
    let payments = payments.budget(0.1, 12);
    let watched = payments.allow(
        Rule::BudgetFloor,
        "one payment a second, and somebody is up",
    );
    watched.build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_night_on_call() {
    let mut night = Night::begin(policy());
    the_evening(&mut night).await;
    the_credential(&mut night).await;
    the_rate_limit(&mut night).await;
    the_maintenance(&mut night).await;
    the_outage(&mut night).await;
    the_operator(&mut night).await;
    assert_eq!(
        *night.diary.under_way.lock().unwrap(),
        0,
        "what starts, ends"
    );
}

async fn the_evening(night: &mut Night) {
    let quiet = [
        "override_in_force rule `budget-floor` overridden: one payment a second, and somebody is up",
        "attempt_finished 1: 200 ×50",
    ];
    assert_eq!(night.until(50).await, quiet);
    let one_failure = [
        "attempt_finished 1: 200 ×10",
        "attempt_finished 1: 500",
        "retry_scheduled 2 because of 500",
        "attempt_finished 1: 200",
        "attempt_finished 2: 200",
        "attempt_finished 1: 200 ×3",
    ];
    assert_eq!(night.until(65).await, one_failure);
    let a_declined_card = [
        "attempt_finished 1: 200 ×5",
        "attempt_finished 1: 402",
        "retry_refused permanent because of 402",
        "attempt_finished 1: 200 ×4",
    ];
    assert_eq!(night.until(75).await, a_declined_card);
}

async fn the_credential(night: &mut Night) {
    let refused = [
        "attempt_finished 1: 401",
        "retry_refused permanent because of 401",
    ];
    let told = night.until(90).await;
    assert_eq!(told[0], "attempt_finished 1: 200 ×5");
    assert_eq!(told[1..9], [refused; 4].concat());
    let alarm = [
        "attempt_finished 1: 401",
        "authentication_failing 401 ×5",
        "retry_refused permanent because of 401",
        "attempt_finished 1: 401",
        "retry_refused permanent because of 401",
        "attempt_finished 1: 200",
        "authentication_recovered",
        "attempt_finished 1: 200 ×3",
    ];
    assert_eq!(told[9..], alarm);
    let nonsense = [
        "attempt_finished 1: 503",
        "retry_after_ignored",
        "retry_scheduled 2 because of 503",
        "attempt_finished 2: 503",
        "retry_after_ignored",
        "retry_scheduled 3 because of 503",
        "attempt_finished 1: 200 ×2",
        "attempt_finished 3: 200",
        "attempt_finished 1: 200 ×7",
    ];
    assert_eq!(night.until(100).await, nonsense);
}

async fn the_rate_limit(night: &mut Night) {
    let slower = [
        "attempt_finished 1: 200 ×20",
        "attempt_finished 1: 429",
        "gate_closed 429 for 2s",
        "throttle_slowed to 0.71/s because of too_many_requests",
        "retry_scheduled 2 because of 429",
        "attempt_finished 2: 200",
        "attempt_finished 1: 200 ×15",
        "call_refused throttled",
        "attempt_finished 1: 200 ×7",
        "call_refused throttled",
        "attempt_finished 1: 200 ×2",
    ];
    assert_eq!(night.until(150).await, slower);
}

async fn the_maintenance(night: &mut Night) {
    let told = night.until(390).await;
    let closed = [
        "attempt_finished 1: 200 ×53",
        "attempt_finished 1: 503",
        "gate_closed 503 for 30s",
        "circuit_changed Closed to Open",
        "retry_scheduled 2 because of 503",
        "call_refused gate_closed ×27",
        "gate_lifted",
        "circuit_changed Open to HalfOpen",
        "attempt_finished 2: 200",
        "circuit_changed HalfOpen to Paced",
        "call_refused paced ×8",
        "attempt_finished 1: 200",
    ];
    assert_eq!(told[..12], closed);
    assert_ramp(&told[12..told.len() - 3]);
    let open = [
        "circuit_changed Paced to Closed",
        "attempt_finished 1: 200 ×82",
    ];
    assert_eq!(told[told.len() - 2..], open);
}

async fn the_outage(night: &mut Night) {
    let told = night.until(600).await;
    let trips = [
        "attempt_finished 1: 200 ×10",
        "attempt_finished 1: 500",
        "retry_scheduled 2 because of 500",
        "attempt_finished 1: 500",
        "retry_scheduled 2 because of 500",
        "attempt_finished 2: 500",
        "retry_scheduled 3 because of 500",
        "attempt_finished 2: 500",
        "retry_scheduled 3 because of 500",
        "attempt_finished 1: 500",
        "circuit_changed Closed to Open",
        "retry_refused circuit_open because of 500",
        "call_refused circuit_open ×25",
        "circuit_changed Open to HalfOpen",
        "attempt_finished 1: 200",
        "circuit_changed HalfOpen to Paced",
    ];
    assert_eq!(told[..16], trips);
    assert_ramp(&told[16..told.len() - 3]);
    let open = [
        "circuit_changed Paced to Closed",
        "attempt_finished 1: 200 ×99",
    ];
    assert_eq!(told[told.len() - 2..], open);
}

#[expect(
    clippy::disallowed_methods,
    reason = "an operator speaks of wall-clock time"
)]
async fn the_operator(night: &mut Night) {
    let until = SystemTime::now() + Duration::from_secs(20);
    let control = night.upstreams.control();
    control
        .open_until("https://gateway.example", until, "ticket 4711")
        .unwrap();
    let told = night.until(650).await;
    let opened = [
        // Told when it is done.
        "circuit_changed Closed to Open",
        "operator_acted open_until: ticket 4711",
        "call_refused maintenance ×17",
        "circuit_changed Open to HalfOpen",
        "attempt_finished 1: 200",
        "circuit_changed HalfOpen to Paced",
    ];
    assert_eq!(told[..6], opened);
    assert_ramp(&told[6..]);

    let fewer = night
        .upstreams
        .policy()
        .to_builder()
        .max_attempts(2)
        .build()
        .unwrap();
    night.upstreams.apply(fewer).unwrap();
    let changed = [
        "configuration_changed max_attempts: 4 -> 2",
        "attempt_finished 1: 200 ×38",
        "circuit_changed Paced to Closed",
        "attempt_finished 1: 200 ×15",
    ];
    assert_eq!(night.until(701).await, changed);

    // The call of the last second hangs, and its caller goes.
    night.calls.abort_all();
    let abandoned = ["attempt_abandoned 1", "attempt_finished 1: 200"];
    assert_eq!(night.until(702).await, abandoned);
}

/// At a pace, with nothing but successes and refusals.
fn assert_ramp(told: &[String]) {
    let is_of_a_ramp = |line: &String| {
        line.starts_with("attempt_finished 1: 200") || line.starts_with("call_refused paced")
    };
    assert!(
        !told.is_empty() && told.iter().all(is_of_a_ramp),
        "{told:#?}"
    );
}

//! A night on call: everything that can happen to one upstream, event by event, on a paused clock.
//!
//! One payment a second. What the gateway does is a matter of the time alone; what is told of it has
//! to be this, in this order, and nothing else.

#![cfg(feature = "middleware")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

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
    match end {
        AttemptEnd::Status(status) => status.as_str().to_owned(),
        AttemptEnd::Failure(failure) => failure.as_str().to_owned(),
    }
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
async fn a_policy_is_put_to_use_and_calls_succeed() {
    let mut night = Night::begin(policy());
    let overridden = "override_in_force rule `budget-floor` overridden: one payment a second, and \
                      somebody is up";
    assert_eq!(
        night.until(50).await,
        [overridden, "attempt_finished 1: 200 ×50"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_whole_night() {
    let mut night = Night::begin(policy());
    for second in [0, 50, 65, 75, 90, 100, 150, 250, 390, 500, 600] {
        println!("---- until {second}\n{:#?}", night.until(second).await);
    }
    let control = night.upstreams.control();
    let until = std::time::SystemTime::now() + Duration::from_secs(20);
    control
        .open_until("https://gateway.example", until, "ticket 4711")
        .unwrap();
    println!("{:#?}", night.until(650).await);
    let calmer = night
        .upstreams
        .policy()
        .to_builder()
        .max_attempts(2)
        .build()
        .unwrap();
    night.upstreams.apply(calmer).unwrap();
    println!("{:#?}", night.until(701).await);
    night.calls.abort_all();
    println!("{:#?}", night.until(702).await);
    assert_eq!(*night.diary.under_way.lock().unwrap(), 0);
}

//! The storm of November 2025 at a small size: five instances, five minutes of maintenance, and the
//! real layers on a paused clock. `examples/payment_storm` is the big one.
//!
//! The control sends the same payments without this library. If it does not storm, the rest of this
//! file shows nothing.

#![cfg(feature = "middleware")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use seawall::{IdempotencyKey, Policy, Priority, Provider, ResilienceLayer, Upstreams};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tower::{Layer, Service, ServiceExt};

type Payment = Request<Full<Bytes>>;
type Answer = Response<Full<Bytes>>;

const INSTANCES: u32 = 5;
const HEALTHY: Duration = Duration::from_secs(600);
const WINDOW: Duration = Duration::from_secs(300);
const AFTERWARDS: Duration = Duration::from_secs(600);
/// What the gateway serves in a second, and how many it lets wait.
const CAPACITY: u32 = 12;
const QUEUE: u32 = 120;
/// One in so many accepted payments is charged, and then its connection breaks.
const BREAKS: usize = 40;

#[expect(clippy::disallowed_methods, reason = "a test reads the paused clock")]
fn now() -> Instant {
    Instant::now()
}

/// What the gateway has seen.
#[derive(Debug, Default)]
struct Books {
    /// Requests of each instance within the window.
    in_window: HashMap<String, usize>,
    unavailable_after_window: usize,
    charges: HashMap<String, usize>,
    accepted: usize,
    free_at: Option<Instant>,
}

/// A gateway that is down for a window, and has a queue that can fill.
#[derive(Clone)]
struct Gateway {
    start: Instant,
    honours_keys: bool,
    books: Arc<Mutex<Books>>,
}

impl Gateway {
    fn new(honours_keys: bool) -> Self {
        Self {
            start: now(),
            honours_keys,
            books: Arc::default(),
        }
    }

    /// The answer, and when it is given; `None`: charged, and the connection breaks.
    fn receive(&self, request: &Payment) -> (Instant, Option<Answer>) {
        let text = |name| request.headers()[name].to_str().unwrap().to_owned();
        let now = now();
        let mut books = self.books.lock().unwrap();
        let since = now - self.start;
        if since >= HEALTHY && since < HEALTHY + WINDOW {
            *books.in_window.entry(text("instance")).or_default() += 1;
            let mut answer = empty(StatusCode::SERVICE_UNAVAILABLE);
            let wait = WINDOW.as_secs().to_string().parse().unwrap();
            answer.headers_mut().insert("retry-after", wait);
            return (now + Duration::from_millis(10), Some(answer));
        }
        let turn = Duration::from_secs(1) / CAPACITY;
        let free_at = books.free_at.map_or(now, |at| at.max(now));
        if free_at - now > turn * QUEUE {
            books.unavailable_after_window += 1;
            return (now, Some(empty(StatusCode::SERVICE_UNAVAILABLE)));
        }
        books.free_at = Some(free_at + turn);
        let payment = text("payment");
        let known = self.honours_keys && books.charges.contains_key(&payment);
        if !known {
            *books.charges.entry(payment).or_default() += 1;
            books.accepted += 1;
        }
        let breaks = !known && books.accepted.is_multiple_of(BREAKS);
        let answer = (!breaks).then(|| empty(StatusCode::CREATED));
        (free_at + turn, answer)
    }
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

impl Service<Payment> for Gateway {
    type Response = Answer;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Answer>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Payment) -> Self::Future {
        let (at, answer) = self.receive(&request);
        Box::pin(async move {
            sleep_until(at).await;
            answer.ok_or_else(|| io::ErrorKind::ConnectionReset.into())
        })
    }
}

fn payment(instance: u32, number: u64, priority: Priority) -> Payment {
    let name = format!("{instance}/{number}");
    let key = IdempotencyKey::for_operation("shop", "charge", &name);
    let mut request = Request::post("https://gateway.test/payments")
        .header("instance", instance)
        .header("payment", name)
        .header("idempotency-key", key.to_header_value())
        .body(Full::from("{}"))
        .unwrap();
    request.extensions_mut().insert(priority);
    request
}

/// Every instance makes one payment a second; `pay` sees one through.
async fn run<P, F>(gateway: &Gateway, pay: impl Fn(u32) -> P) -> usize
where
    P: Fn(u64) -> F + Clone + Send + 'static,
    F: Future<Output = bool> + Send,
{
    let seconds = (HEALTHY + WINDOW + AFTERWARDS).as_secs();
    let mut payments = JoinSet::new();
    for instance in 0..INSTANCES {
        let pay = pay(instance);
        for number in 0..seconds {
            let offset = Duration::from_secs(1) / INSTANCES * instance;
            let at = gateway.start + Duration::from_secs(number) + offset;
            let pay = pay.clone();
            payments.spawn(async move {
                sleep_until(at).await;
                pay(number).await
            });
        }
    }
    let paid = payments.join_all().await;
    paid.into_iter().filter(|paid| *paid).count()
}

fn payments() -> usize {
    INSTANCES as usize * (HEALTHY + WINDOW + AFTERWARDS).as_secs() as usize
}

/// An outbox: what is refused is tried again at `retry_at`, with the same key, until it is paid.
async fn outbox<S, C>(service: S, instance: u32, number: u64) -> bool
where
    S: Service<Payment, Response = Response<C>, Error = seawall::Error> + Clone,
{
    let mut priority = Priority::Foreground;
    for _ in 0..1_000 {
        let request = payment(instance, number, priority);
        let outcome = service.clone().oneshot(request).await;
        let report = match &outcome {
            Ok(answer) if answer.status() == StatusCode::CREATED => return true,
            Ok(answer) => seawall::Report::in_extensions(answer).unwrap(),
            Err(error) => error.report(),
        };
        let again = report
            .retry_after()
            .expect("a keyed payment may come again");
        sleep_until(now() + again).await;
        priority = Priority::Background;
    }
    false
}

#[tokio::test(start_paused = true)]
async fn a_window_costs_two_requests_an_instance_and_nothing_is_lost_or_charged_twice() {
    let gateway = Gateway::new(true);
    let paid = run(&gateway, |instance| {
        let policy = Policy::external_payments(Provider::generic())
            .to_builder()
            .declared_peak_per_second(2.0)
            .build()
            .unwrap();
        let upstreams = Upstreams::with_seed(policy, instance.into());
        let service = ResilienceLayer::over(upstreams).layer(gateway.clone());
        move |number| outbox(service.clone(), instance, number)
    })
    .await;

    let books = gateway.books.lock().unwrap();
    assert_eq!(
        books.in_window.len(),
        INSTANCES as usize,
        "the window was met"
    );
    assert!(books.in_window.values().all(|sent| *sent <= 2), "{books:?}");
    assert_eq!(books.unavailable_after_window, 0);
    assert_eq!(paid, payments());
    assert_eq!(books.charges.len(), payments());
    assert!(books.charges.values().all(|charges| *charges == 1));
    let until_drained = now() - (gateway.start + HEALTHY + WINDOW);
    assert!(
        until_drained < Duration::from_secs(3_600),
        "{until_drained:?}"
    );
}

/// Three retries at once, and the application does it all again two seconds later: ten requests.
async fn naive(gateway: Gateway, instance: u32, number: u64) -> bool {
    for request in 1..=10 {
        let attempt = payment(instance, number, Priority::Foreground);
        let outcome = gateway.clone().oneshot(attempt).await;
        if outcome.is_ok_and(|answer| answer.status() == StatusCode::CREATED) {
            return true;
        }
        if request % 4 == 0 {
            sleep_until(now() + Duration::from_secs(2)).await;
        }
    }
    false
}

#[tokio::test(start_paused = true)]
async fn the_control_storms() {
    let gateway = Gateway::new(false);
    let paid = run(&gateway, |instance| {
        let gateway = gateway.clone();
        move |number| naive(gateway.clone(), instance, number)
    })
    .await;

    let books = gateway.books.lock().unwrap();
    let in_window: usize = books.in_window.values().sum();
    let arrived = INSTANCES as usize * WINDOW.as_secs() as usize;
    assert!(
        in_window > 9 * arrived,
        "{in_window} for {arrived} payments"
    );
    assert!(paid < payments() - 9 * arrived / 10, "they could not pay");
    assert!(books.charges.values().any(|charges| *charges > 1));
}

//! No peer, but a measure: what the rules have a healthy call do and write down, by hand and in one piece.
//!
//! It knows one upstream and one policy, and takes no decision: what is not as it should be is a panic. It tells
//! nobody of anything, and makes no retry, though it could.

use std::cell::RefCell;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Request, Response};
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tower::Service;
use uuid::Uuid;

use crate::request::Body;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TIMEOUT: Duration = Duration::from_secs(10);
const KEY_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// Keys that are remembered.
const KEYS: usize = 1_024;

/// A service whose calls are timed, counted, carry a key that is remembered, and could be sent again.
#[derive(Clone, Debug)]
pub struct ByHand<S> {
    service: S,
    upstream: Arc<Upstream>,
}

/// A service in which one call after the other is dealt with by hand.
pub fn by_hand<S>(service: S) -> ByHand<S> {
    let upstream = Arc::new(Upstream::new());
    ByHand { service, upstream }
}

/// What calls of one upstream share.
#[derive(Debug)]
struct Upstream {
    authority: &'static str,
    name: Arc<str>,
    epoch: Instant,
    /// Of its circuit: it is let through while this is even.
    generation: AtomicU64,
    begun: AtomicU64,
    deposited: AtomicU64,
    succeeded: AtomicU64,
    /// How many successes took how long, by powers of two.
    times: [AtomicU64; 64],
    seen_keys: Vec<AtomicU64>,
    made_keys: Vec<[AtomicU64; 4]>,
    hashes: RandomState,
}

impl Upstream {
    fn new() -> Self {
        let zero = AtomicU64::default;
        Self {
            authority: "gateway.example",
            name: "https://gateway.example:443".into(),
            epoch: Instant::now(),
            generation: zero(),
            begun: zero(),
            deposited: zero(),
            succeeded: zero(),
            times: std::array::from_fn(|_| zero()),
            seen_keys: (0..KEYS).map(|_| zero()).collect(),
            made_keys: (0..KEYS).map(|_| Default::default()).collect(),
            hashes: RandomState::new(),
        }
    }

    fn is_of(&self, request: &Request<Body>) -> bool {
        let authority = request.uri().authority();
        authority.is_some_and(|authority| authority.as_str() == self.authority)
            && request.uri().scheme() == Some(&Scheme::HTTPS)
    }

    fn lets_through(&self) -> bool {
        self.generation.load(Relaxed).is_multiple_of(2)
    }

    fn begin(&self, now: Instant) {
        let second = now.duration_since(self.epoch).as_secs();
        count(&self.begun, second, 1);
        count(&self.deposited, second, 100);
    }

    fn succeed(&self, now: Instant, took: Duration) {
        count(&self.succeeded, now.duration_since(self.epoch).as_secs(), 1);
        let times = &self.times[took.as_nanos().max(1).ilog2() as usize % 64];
        times.store(times.load(Relaxed) + 1, Relaxed);
    }

    fn remember(&self, key: &str, expires: Instant) {
        let hash = self.hashes.hash_one(key);
        let place = hash as usize % KEYS;
        self.seen_keys[place].store(hash, Relaxed);
        let expires = expires.duration_since(self.epoch).as_nanos() as u64;
        let words = [hash, 0, expires, hash ^ expires];
        for (place, word) in self.made_keys[place].iter().zip(words) {
            place.store(word, Relaxed);
        }
    }
}

/// So many more in this second.
fn count(place: &AtomicU64, second: u64, more: u64) {
    const SECOND: u32 = 32;
    let mut counted = place.load(Relaxed);
    loop {
        let so_far = if counted >> SECOND == second {
            counted
        } else {
            second << SECOND
        };
        let exchanged = place.compare_exchange(counted, so_far + more, Relaxed, Relaxed);
        match exchanged {
            Ok(_) => return,
            Err(other) => counted = other,
        }
    }
}

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// What a retry would be made of, in a buffer that is used again.
#[derive(Debug)]
struct Kept {
    head: Vec<u8>,
    _body: Body,
}

impl Kept {
    fn of(request: &Request<Body>) -> Self {
        let spare = SPARE.with_borrow_mut(Vec::pop);
        let mut head = spare.unwrap_or_else(|| Vec::with_capacity(1_024));
        let target = request.uri().path_and_query();
        push(
            &mut head,
            target.map_or("", |target| target.as_str()).as_bytes(),
        );
        for (name, value) in request.headers() {
            push(&mut head, name.as_str().as_bytes());
            push(&mut head, value.as_bytes());
        }
        let body = request.body().clone();
        Self { head, _body: body }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut spare = std::mem::take(&mut self.head);
        spare.clear();
        SPARE.with_borrow_mut(|buffers| buffers.push(spare));
    }
}

fn push(head: &mut Vec<u8>, part: &[u8]) {
    head.extend_from_slice(&part.len().to_le_bytes());
    head.extend_from_slice(part);
}

/// What there is to say of a call.
#[derive(Debug)]
pub struct Report {
    pub upstream: Arc<str>,
    pub took: Duration,
    pub key: Uuid,
    pub key_expires: Instant,
}

impl<S> Service<Request<Body>> for ByHand<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    type Response = Response<(Body, Report)>;
    type Error = S::Error;
    type Future = UnderWay<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let upstream = Arc::clone(&self.upstream);
        assert!(upstream.is_of(&request) && !request.headers().contains_key(KEY));
        let since = Instant::now();
        assert!(upstream.lets_through());
        upstream.begin(since);
        let key =
            uuid::Builder::from_random_bytes(rand::random::<u128>().to_le_bytes()).into_uuid();
        let mut text = Uuid::encode_buffer();
        let value = HeaderValue::from_str(key.hyphenated().encode_lower(&mut text));
        let value = value.expect("visible characters");
        request.headers_mut().insert(KEY, value);
        UnderWay {
            kept: Kept::of(&request),
            call: self.service.call(request),
            sleep: None,
            upstream,
            since,
            key,
        }
    }
}

pin_project! {
    /// An attempt, and what is known of it.
    pub struct UnderWay<F> {
        #[pin]
        call: F,
        #[pin]
        sleep: Option<Sleep>,
        kept: Kept,
        upstream: Arc<Upstream>,
        since: Instant,
        key: Uuid,
    }
}

impl<F, E> Future for UnderWay<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<(Body, Report)>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let (upstream, since) = (this.upstream, *this.since);
        let Poll::Ready(answer) = this.call.poll(cx) else {
            if this.sleep.is_none() {
                let sleep = tokio::time::sleep_until((since + TIMEOUT).into());
                this.sleep.set(Some(sleep));
            }
            let rings = this.sleep.as_pin_mut().map(|sleep| sleep.poll(cx));
            assert!(rings.is_some_and(|rings| rings.is_pending()));
            return Poll::Pending;
        };
        let response = answer?;
        assert!(response.status().is_success() && response.extensions().is_empty());
        let now = Instant::now();
        assert!(upstream.lets_through());
        let took = now.saturating_duration_since(since);
        upstream.succeed(now, took);
        let mut text = Uuid::encode_buffer();
        let (key, key_expires) = (*this.key, since + KEY_LIFE);
        upstream.remember(key.hyphenated().encode_lower(&mut text), key_expires);
        let report = Report {
            upstream: Arc::clone(&upstream.name),
            took,
            key,
            key_expires,
        };
        Poll::Ready(Ok(response.map(|body| (body, report))))
    }
}

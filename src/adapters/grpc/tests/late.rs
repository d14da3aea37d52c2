//! A status that comes behind the head, and what the circuit makes of it.

mod upstream;

use tower::Layer;

use super::*;
use crate::control::Snapshot;
use crate::event::{Event, Observer};
use crate::middleware::testing::{external, secs};
use crate::middleware::throttle::ThrottledBody;
use crate::policy::circuit::CircuitState;
use crate::policy::grpc::Code;
use crate::{PolicyBuilder, Priority, Upstreams};

/// What was told of attempts: how each ended, after which time.
#[derive(Debug, Default)]
struct Diary {
    started: Mutex<usize>,
    ended: Mutex<Vec<(String, Duration)>>,
}

impl Observer for Diary {
    fn observe(&self, event: &Event<'_>) {
        let (end, took) = match event {
            Event::AttemptStarted { .. } => {
                *self.started.lock().unwrap() += 1;
                return;
            }
            Event::AttemptFinished { end, took, .. } => (end.as_str().to_owned(), *took),
            Event::AttemptAbandoned { took, .. } => ("abandoned".to_owned(), *took),
            Event::GateClosed { .. } | Event::AuthenticationFailing { .. } => {
                (event.name().to_owned(), Duration::ZERO)
            }
            _ => return,
        };
        self.ended.lock().unwrap().push((end, took));
    }
}

/// Which way an attempt goes through the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Express,
    /// A call that brings a wish of its own.
    EachLayer,
}

const WAYS: [Way; 2] = [Way::Express, Way::EachLayer];

/// A server that answers with these bodies, in turn.
struct Streams {
    way: Way,
    upstreams: Upstreams,
    service: GrpcStack<Channel>,
    diary: Arc<Diary>,
}

#[derive(Clone)]
struct Channel(Arc<Mutex<VecDeque<Vec<Piece>>>>);

impl Service<Request<tonic::body::Body>> for Channel {
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        let pieces = self.0.lock().unwrap().pop_front().expect("a script");
        Box::pin(async move {
            let mut sent = request.into_body();
            while let Some(Ok(_)) = sent.frame().await {}
            Ok(answer(pieces))
        })
    }
}

impl Streams {
    fn new(way: Way, bodies: impl IntoIterator<Item = Vec<Piece>>) -> Self {
        Self::with(external(), way, bodies)
    }

    fn with(policy: PolicyBuilder, way: Way, bodies: impl IntoIterator<Item = Vec<Piece>>) -> Self {
        let diary = Arc::new(Diary::default());
        let upstreams = Upstreams::builder(policy.build().unwrap())
            .seed(7)
            .observer(Arc::clone(&diary))
            .build();
        let layer = GrpcLayer::over(upstreams.clone(), "https://ledger.test").unwrap();
        let script = Arc::new(Mutex::new(bodies.into_iter().collect()));
        Self {
            way,
            service: layer.layer(Channel(script)),
            upstreams,
            diary,
        }
    }

    /// Calls, and gives what came of it without reading it.
    async fn open(&self) -> Result<ThrottledBody<GrpcBody>, tonic::Status> {
        self.send(tonic::body::Body::empty()).await
    }

    async fn send(
        &self,
        message: tonic::body::Body,
    ) -> Result<ThrottledBody<GrpcBody>, tonic::Status> {
        let mut request = Request::post("/l.L/Watch").body(message).unwrap();
        if self.way == Way::EachLayer {
            request.extensions_mut().insert(Priority::Foreground);
        }
        let response = self.service.clone().oneshot(request).await?;
        Ok(response.into_body())
    }

    /// Calls, and reads all of it. The next call is a second later.
    async fn read(&self) {
        let body = self.open().await.unwrap();
        let _ = body.collect().await;
        pass(secs(1)).await;
    }

    async fn is_refused(&self) -> bool {
        let outcome = self.open().await.map(|_| ());
        let error = outcome.err();
        let refusal = error.and_then(|status| error_in(&status)?.refusal());
        refusal == Some(crate::policy::Refusal::Open)
    }

    fn snapshot(&self) -> Snapshot {
        self.upstreams.control().snapshots().pop().unwrap()
    }

    fn is_open(&self) -> bool {
        self.snapshot().state == CircuitState::Open
    }

    /// How the attempts ended so far; those that were started and have not are `under way`.
    fn ends(&self) -> Vec<String> {
        let ended = self.diary.ended.lock().unwrap();
        let mut ends: Vec<_> = ended.iter().map(|(end, _)| end.clone()).collect();
        let started = *self.diary.started.lock().unwrap();
        ends.extend((ends.len()..started).map(|_| "under way".to_owned()));
        ends
    }

    fn last_took(&self) -> Duration {
        self.diary.ended.lock().unwrap().last().unwrap().1
    }
}

fn status(status: &'static str) -> Piece {
    trailers(0, &[("grpc-status", status)])
}

/// A message, and then this status.
fn message_then(number: &'static str) -> Vec<Piece> {
    vec![data(0, "part"), status(number)]
}

fn unavailable() -> String {
    Code::Unavailable.to_string()
}

#[tokio::test(start_paused = true)]
async fn five_streams_that_end_with_a_failure_open_the_circuit() {
    for way in WAYS {
        let streams = Streams::new(way, (0..5).map(|_| message_then("14")));
        for failures in 1..=5 {
            streams.read().await;
            assert_eq!(streams.is_open(), failures == 5, "{way:?}, {failures}");
        }
        assert!(streams.is_refused().await, "{way:?}");
        assert_eq!(streams.ends(), vec![unavailable(); 5]);
    }
}

#[tokio::test(start_paused = true)]
async fn streams_that_end_well_or_with_the_callers_own_mistake_open_nothing() {
    for (way, number, end) in [
        (Way::Express, "0", "200"),
        (Way::EachLayer, "0", "200"),
        (Way::Express, "5", "NOT_FOUND"),
        (Way::EachLayer, "8", "RESOURCE_EXHAUSTED"),
    ] {
        let streams = Streams::new(way, (0..6).map(|_| message_then(number)));
        for _ in 0..6 {
            streams.read().await;
        }
        assert_eq!(streams.ends(), vec![end; 6]);
        assert_eq!(streams.snapshot().consecutive_failures, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_head_says_no_more_than_its_trailers() {
    for way in WAYS {
        let silent = || vec![trailers(500, &[("grpc-status", "14")])];
        let streams = Streams::new(way, (0..5).map(|_| silent()));
        for _ in 0..5 {
            streams.read().await;
        }
        assert!(streams.is_open());
    }
}

#[tokio::test(start_paused = true)]
async fn streams_that_break_off_or_end_without_a_status_are_failures() {
    let reset = || (0, Err(tonic::Status::unavailable("reset")));
    let other = || trailers(0, &[("x-other", "field")]);
    for (rest, end) in [
        (vec![reset()], "broken_body"),
        (vec![], "incomplete"),
        (vec![other()], "incomplete"),
    ] {
        let pieces = [data(0, "part")].into_iter().chain(rest);
        let streams = Streams::new(Way::Express, [pieces.collect()]);
        streams.read().await;
        assert_eq!(streams.ends(), [end]);
        assert_eq!(streams.snapshot().consecutive_failures, 1, "{end}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_says_it_is_over_has_ended_whether_it_is_read_on_or_not() {
    let only = || vec![data(0, "first"), data(0, "last")];
    let streams = Streams::new(Way::Express, [only()]);
    let mut body = streams.open().await.unwrap();
    assert!(body.frame().await.unwrap().is_ok());
    assert_eq!(streams.ends(), ["under way"]);
    assert!(body.frame().await.unwrap().is_ok());
    assert_eq!(streams.ends(), ["incomplete"]);
    assert!(body.frame().await.is_none());
    drop(body);
    assert_eq!(streams.ends(), ["incomplete"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_with_its_own_request_says_nothing_of_the_upstream() {
    let reset = || (0, Err(tonic::Status::cancelled("reset")));
    let broken = || vec![data(0, "part"), reset()];
    for (way, bodies) in WAYS.map(|way| (way, [broken()])) {
        let streams = Streams::new(way, bodies);
        let why = (0, Err(tonic::Status::internal("no more")));
        let message = Frames::new([data(0, "half"), why]);
        let body = streams.send(tonic::body::Body::new(message)).await.unwrap();
        assert!(body.collect().await.is_err());
        assert_eq!(streams.ends(), ["request_body"]);
        assert_eq!(streams.snapshot().consecutive_failures, 0);
    }
    // At once, it is the attempt's own failure.
    let streams = Streams::new(Way::Express, [vec![reset()]]);
    let why = (0, Err(tonic::Status::internal("no more")));
    let message = Frames::new([data(0, "half"), why]);
    let status = streams.send(tonic::body::Body::new(message)).await.err();
    let failure = status.and_then(|status| error_in(&status)?.failure());
    assert_eq!(failure, Some(Failure::RequestBody));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_its_caller_drops_is_neutral() {
    for way in WAYS {
        let failing = (0..4).map(|_| message_then("14"));
        let dropped = [message_then("0"), message_then("14")];
        let streams = Streams::new(way, failing.chain(dropped).chain([message_then("14")]));
        for _ in 0..4 {
            streams.read().await;
        }
        for _ in 0..2 {
            let mut body = streams.open().await.unwrap();
            assert!(body.frame().await.unwrap().unwrap().is_data());
            assert_eq!(streams.ends().last().unwrap(), "under way");
            drop(body);
            assert_eq!(streams.ends().last().unwrap(), "abandoned");
            // Neither a failure, nor a success that ends the row of failures.
            assert_eq!(streams.snapshot().consecutive_failures, 4);
        }
        streams.read().await;
        assert!(streams.is_open(), "{way:?}");
    }
}

//! The same calls both ways.

#![expect(
    clippy::needless_pass_by_value,
    reason = "a closure is written where it is passed"
)]

use http::Response;
use http_body::Body;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tokio::task::JoinHandle;
use tower::ServiceExt;
use tower::util::BoxCloneService;
use tower_layer::Layer;
use tower_service::Service;

use super::shown::{EXPRESS, Journal, Read, Witness};
use super::*;
use crate::middleware::collect::CollectLayer;
use crate::middleware::throttle::ThrottledBody;
use crate::{BoxError, Error, Report, ResilienceLayer, Upstreams, clock};

type Stacked = BoxCloneService<Call, Response<Read>, Error>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Express,
    ThroughEachLayer,
}

/// One run of the calls, one way or the other.
pub(super) struct Run {
    service: Stacked,
    pub(super) upstream: Script,
    pub(super) upstreams: Upstreams,
    journal: Journal,
}

impl Run {
    pub(super) async fn send(&self, call: Call) -> Report {
        let outcome = self.service.clone().oneshot(call).await;
        self.journal.note_outcome(outcome).await
    }

    /// Sends it in a task of its own.
    pub(super) fn start(&self, call: Call) -> JoinHandle<Report> {
        let (service, journal) = (self.service.clone(), self.journal.clone());
        tokio::spawn(async move { journal.note_outcome(service.oneshot(call).await).await })
    }

    /// Sends it, and drops it after that time unless it has ended.
    pub(super) async fn send_for(&self, time: Duration, call: Call) {
        let until = clock::sleep_until(clock::after(clock::now(), time));
        tokio::select! {
            biased;
            _ = self.send(call) => {}
            () = until => {}
        }
        self.journal.note("dropped, or ended");
    }

    pub(super) fn note(&self, what: impl AsRef<str>) {
        self.journal.note(what);
    }

    pub(super) fn note_snapshots(&self) {
        for snapshot in self.upstreams.control().snapshots() {
            self.journal.note_snapshot(&snapshot);
        }
        let (flying, open) = (self.upstream.in_flight(), self.upstream.open_bodies());
        self.note(format!("in flight: {flying}, open bodies: {open}"));
    }
}

/// Calls that end at the head of their answer are told apart by nothing.
pub(super) fn headed(
    policy: &PolicyBuilder,
    steps: impl Fn() -> Vec<Step>,
    calls: impl AsyncFn(&Run),
) {
    compare(&|way| show(way, |witness| witness, policy, &steps, &calls));
}

/// So are those that end at the last byte of its body.
pub(super) fn collected(
    policy: &PolicyBuilder,
    steps: impl Fn() -> Vec<Step>,
    calls: impl AsyncFn(&Run),
) {
    let collect = CollectLayer::new(1_024, secs(5));
    compare(&|way| {
        show(
            way,
            |witness| collect.layer(witness),
            policy,
            &steps,
            &calls,
        )
    });
}

/// And so are those that an inner stack of these layers sends on.
pub(super) fn above(
    inner: impl Fn() -> ResilienceLayer,
    policy: &PolicyBuilder,
    steps: impl Fn() -> Vec<Step>,
    calls: impl AsyncFn(&Run),
) {
    compare(&|way| {
        show(
            way,
            |witness| inner().layer(witness),
            policy,
            &steps,
            &calls,
        )
    });
}

/// At least one attempt has to go express, or this compares nothing.
fn compare(show: &dyn Fn(Way) -> (String, usize)) {
    let (express, went) = show(Way::Express);
    let (whole, none) = show(Way::ThroughEachLayer);
    if let Some(difference) = first_difference(&express, &whole) {
        panic!("{difference}");
    }
    assert_eq!((went > 0, none), (true, 0));
}

/// The line where they part, and what led up to it.
fn first_difference(express: &str, whole: &str) -> Option<String> {
    let same = |(one, other): &(&str, &str)| one == other;
    let alike = express.lines().zip(whole.lines()).take_while(same).count();
    let after = |text: &str| text.lines().nth(alike).unwrap_or("nothing").to_owned();
    (express != whole).then(|| {
        let before: Vec<_> = express.lines().take(alike).collect();
        format!(
            "{}\nexpress:\n{}\nthrough each layer:\n{}",
            before.join("\n"),
            after(express),
            after(whole)
        )
    })
}

/// What shows of the calls this way, and how many of them went express.
fn show<S, C>(
    way: Way,
    transport: impl Fn(Witness) -> S,
    policy: &PolicyBuilder,
    steps: impl Fn() -> Vec<Step>,
    calls: impl AsyncFn(&Run),
) -> (String, usize)
where
    S: Service<Call, Response = Response<C>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    C: Body<Data = bytes::Bytes> + Send + 'static,
    C::Error: Into<BoxError>,
{
    // Where spans are seen nothing goes express.
    let nobody = tracing::subscriber::NoSubscriber::default();
    let _unseen = tracing::subscriber::set_default(nobody);
    EXPRESS.set(0);
    let shown = alone().block_on(async {
        let (journal, upstream) = (Journal::new(), Script::new(steps()));
        let builder = Upstreams::builder(policy.clone().build().unwrap());
        let upstreams = builder.seed(7).observer(journal.clone()).build();
        let layer = ResilienceLayer::over(upstreams.clone());
        let transport = transport(Witness::new(upstream.clone(), journal.clone()));
        let express = layer.layer(transport.clone());
        let service = match way {
            Way::Express => boxed(express),
            Way::ThroughEachLayer => boxed(layer.stack().whole(transport)),
        };
        let run = Run {
            service,
            upstream,
            upstreams,
            journal,
        };
        calls(&run).await;
        settle().await;
        run.note_snapshots();
        run.journal.text()
    });
    (shown, EXPRESS.get())
}

/// A runtime of its own, so that both ways begin at the same tick.
fn alone() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

fn boxed<S, C>(service: S) -> Stacked
where
    S: Service<Call, Response = Response<ThrottledBody<C>>, Error = Error> + Clone + Send + 'static,
    S::Future: Send,
    C: Body<Data = bytes::Bytes> + Send + 'static,
    C::Error: Into<BoxError>,
{
    BoxCloneService::new(service.map_response(|mut response: S::Response| {
        Report::move_to_extensions(&mut response);
        response.map(|body| UnsyncBoxBody::new(body.map_err(Into::into)))
    }))
}

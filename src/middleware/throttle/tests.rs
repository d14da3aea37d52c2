//! The throttle alone, above a circuit, and in the whole stack.

mod alone;
mod body;
mod concurrency;
mod rate;
mod reload;

use std::time::Instant;

use http::Response;
use tokio::task::JoinHandle;
use tower::ServiceExt;
use tower_layer::Layer;
use tower_service::Service;

use super::{ThrottleLayer, ThrottledBody};
use crate::middleware::testing::*;
use crate::policy::Refusal;
use crate::{BoxError, Error, PolicyBuilder, ResilienceLayer, Upstreams, clock};

type Throttled = Result<Response<ThrottledBody<Tracked>>, Error>;

/// Ten calls a second are declared: eleven are allowed, a hundred and ten at once.
fn peak() -> PolicyBuilder {
    external().declared_peak_per_second(10.0)
}

/// So many at once, at any rate.
fn at_most(attempts: u32) -> PolicyBuilder {
    external().max_concurrency(attempts)
}

/// The whole stack, its bodies as they come.
fn whole(
    policy: PolicyBuilder,
    upstream: &Script,
) -> (Upstreams, crate::middleware::Resilience<Script>) {
    let upstreams = Upstreams::with_seed(policy.build().unwrap(), 7);
    let layer = ResilienceLayer::over(upstreams.clone());
    (upstreams, layer.layer(upstream.clone()))
}

/// Sends it in a task of its own, as far as it goes without time.
async fn start<S>(service: &S, request: Call) -> JoinHandle<Throttled>
where
    S: Service<Call, Response = Response<ThrottledBody<Tracked>>, Error = Error> + Clone,
    S: Send + 'static,
    S::Future: Send,
{
    let call = tokio::spawn(service.clone().oneshot(request));
    settle().await;
    call
}

fn numbered(number: usize) -> Call {
    let url = format!("https://gateway.test/{number}");
    call(http::Method::PUT, &url, "")
}

/// The paths of what was sent, from this request on.
fn paths(upstream: &Script, from: usize) -> Vec<String> {
    let seen = upstream.seen().split_off(from);
    seen.into_iter().map(|seen| seen.path).collect()
}

fn refusal(outcome: &Throttled) -> Option<Refusal> {
    outcome.as_ref().err().and_then(Error::refusal)
}

/// Seconds since then.
fn since(start: Instant) -> f64 {
    (clock::now() - start).as_secs_f64()
}

//! The admin port: what is going on, and what an operator does about it.

mod act;
mod name;
mod wish;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, ORIGIN};
use axum::http::{Response, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Json};
use axum::routing::{get, post};
use metrics_exporter_prometheus::PrometheusHandle;
use seawall::{Control, Snapshot};

use self::name::Name;
use crate::metrics;
use crate::problem::Problem;
use crate::target::Target;

/// What Prometheus calls its text.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the port shows, and acts on. Clones are the same.
#[derive(Clone)]
pub(crate) struct Admin(Arc<Inner>);

struct Inner {
    control: Control,
    target: Target,
    metrics: PrometheusHandle,
    is_draining: Arc<AtomicBool>,
}

impl Admin {
    pub(crate) fn new(control: Control, target: Target, is_draining: Arc<AtomicBool>) -> Self {
        Self(Arc::new(Inner {
            control,
            target,
            metrics: metrics::installed(),
            is_draining,
        }))
    }

    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/healthz", get(|| async { "alive\n" }))
            .route("/readyz", get(ready))
            .route("/metrics", get(recorded))
            .route("/upstreams", get(upstreams))
            .route("/upstreams/{name}", get(upstream))
            .route("/upstreams/{name}/open", post(act::open))
            .route("/upstreams/{name}/close", post(act::close))
            .route("/upstreams/{name}/cancel-maintenance", post(act::cancel))
            .route("/upstreams/{name}/lift-gate", post(act::lift_gate))
            .route("/upstreams/{name}/reset", post(act::reset))
            .fallback(|| async { no_such_page() })
            .layer(from_fn(by_hand))
            .with_state(self)
    }

    /// What is to be seen of this upstream.
    ///
    /// # Errors
    ///
    /// There is no such upstream, or it was never called.
    fn snapshot(&self, name: &str) -> Result<Snapshot, Problem> {
        let seen = self.0.control.snapshot(name);
        seen.ok_or_else(|| self.unknown(name))
    }

    /// Whether operators may act on it. The one that is configured need not have been called.
    fn knows(&self, name: &str) -> bool {
        self.0.target.is(name) || self.0.control.snapshot(name).is_some()
    }

    fn unknown(&self, name: &str) -> Problem {
        let own = self.0.target.origin();
        let detail = if self.0.target.is(name) {
            format!(
                "{own} was not called yet: there is nothing to be seen of it before its first call"
            )
        } else {
            let written = "encode the name, with `%3A` for a colon and `%2F` for a slash";
            format!("there is no such upstream: this egress calls {own}; {written}")
        };
        Problem::here(StatusCode::NOT_FOUND, "unknown_upstream", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        // Its own method of that name.
        Self::into_response(self).map(Body::from)
    }
}

/// A web page can make the browser of whoever looks at it send a POST to any port that it reaches. The
/// browser says so.
async fn by_hand(request: Request, next: Next) -> Response<Body> {
    if request.method().is_safe() || !request.headers().contains_key(ORIGIN) {
        return next.run(request).await;
    }
    let detail = "`Origin` is set, and web pages may not act here: use a program, such as curl";
    IntoResponse::into_response(Problem::here(StatusCode::FORBIDDEN, "from_a_page", detail))
}

/// Not ready is who is shutting down. A circuit that is open is no reason: then, too, the answers from
/// here are the best there are.
async fn ready(State(admin): State<Admin>) -> (StatusCode, &'static str) {
    if admin.0.is_draining.load(Relaxed) {
        (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}

async fn recorded(State(admin): State<Admin>) -> impl IntoResponse {
    ([(CONTENT_TYPE, PROMETHEUS)], admin.0.metrics.render())
}

async fn upstreams(State(admin): State<Admin>) -> Json<Vec<Snapshot>> {
    Json(admin.0.control.snapshots())
}

async fn upstream(State(admin): State<Admin>, Name(name): Name) -> Result<Json<Snapshot>, Problem> {
    admin.snapshot(&name).map(Json)
}

fn no_such_page() -> Problem {
    Problem::here(
        StatusCode::NOT_FOUND,
        "no_such_page",
        "there is nothing here: ask for /healthz, /readyz, /metrics, /upstreams or \
         /upstreams/{name}, where a name is encoded, with `%3A` for a colon and `%2F` for a slash",
    )
}

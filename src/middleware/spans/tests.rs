//! The spans of a call through the whole stack.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;

use super::AttemptSpanLayer;
use crate::middleware::testing::*;
use crate::policy::Failure;
use crate::{CircuitLayer, ResilienceLayer, RetryLayer, Upstreams};

#[tokio::test(start_paused = true)]
async fn a_call_has_a_span_and_each_of_its_attempts_one_within() {
    let spans = Spans::new();
    let upstream = Script::new([status(500), failure(Failure::Reset), status(201)]);
    let stack = Stack::new(payments().backoff(steady()), &upstream);
    stack.send(keyed()).await.unwrap();

    let calls = spans.named("call");
    assert_eq!(calls.len(), 1);
    let call = &calls[0];
    assert_eq!(call.parent, None);
    assert_eq!(call.field("otel.kind"), Some("internal"));
    assert_eq!(call.field("http.request.method"), Some("POST"));
    assert_eq!(
        call.field("seawall.upstream"),
        Some("https://gateway.test:443")
    );
    assert_eq!(call.field("seawall.attempts"), Some("3"));
    assert_eq!(call.field("seawall.delivery"), Some("done"));
    assert_eq!(call.field("seawall.stop_reason"), Some("answered"));
    assert_eq!(call.field("http.response.status_code"), Some("201"));
    assert_eq!(call.field("error.type"), None);

    let attempts = spans.named("attempt");
    assert!(attempts.iter().all(|span| span.parent == Some("call")));
    let told = |field| {
        attempts
            .iter()
            .map(|span| span.field(field))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told("http.request.resend_count"),
        [None, Some("1"), Some("2")]
    );
    assert_eq!(
        told("http.response.status_code"),
        [Some("500"), None, Some("201")]
    );
    assert_eq!(told("error.type"), [Some("500"), Some("reset"), None]);
    assert_eq!(
        told("otel.status_code"),
        [Some("ERROR"), Some("ERROR"), None]
    );
    assert_eq!(told("otel.kind"), [Some("client"); 3]);
    assert_eq!(told("otel.name"), [Some("POST"); 3]);
    assert_eq!(told("server.address"), [Some("gateway.test"); 3]);
    assert_eq!(told("server.port"), [Some("443"); 3]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_grpc_is_an_error_of_its_name_and_a_200_all_the_same() {
    let spans = Spans::new();
    let failed = status(200)
        .header("content-type", "application/grpc")
        .header("grpc-status", 13);
    Stack::new(payments(), &Script::new([failed]))
        .send(post())
        .await
        .unwrap();
    let attempt = &spans.named("attempt")[0];
    assert_eq!(attempt.field("error.type"), Some("INTERNAL"));
    assert_eq!(attempt.field("otel.status_code"), Some("ERROR"));
    assert_eq!(attempt.field("http.response.status_code"), Some("200"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_has_a_span_that_says_why_and_no_attempt() {
    let upstream = Script::new([retry_after(503, 600)]);
    let stack = Stack::new(external(), &upstream);
    let _ = stack.send(get()).await;
    let spans = Spans::new();
    assert!(stack.send(get()).await.is_err());
    let plain = call(http::Method::GET, "http://gateway.test/", "");
    assert!(stack.send(plain).await.is_err());
    let calls = spans.named("call");
    assert_eq!(calls[0].field("error.type"), Some("gate_closed"));
    assert_eq!(calls[0].field("seawall.attempts"), Some("0"));
    assert_eq!(calls[0].field("otel.status_code"), Some("ERROR"));
    assert_eq!(calls[1].field("error.type"), Some("config"));
    assert_eq!(calls[1].field("server.port"), Some("80"));
    assert!(spans.named("attempt").is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_an_operator_and_a_limit_refuse_is_named_in_the_span() {
    let policy = external().max_concurrency(1);
    let stack = Stack::new(policy, &Script::new([Step::Hang]));
    let spans = Spans::new();
    let hanging = stack.start(get()).await;
    let background = with_extension(get(), crate::Priority::Background);
    assert!(stack.send(background).await.is_err());
    hanging.abort();
    settle().await;
    let soon = crate::clock::wall() + secs(60);
    let control = stack.upstreams.control();
    control
        .open_until("https://gateway.test", soon, "theirs")
        .unwrap();
    assert!(stack.send(get()).await.is_err());
    let calls = spans.named("call");
    let told = calls.iter().map(|call| call.field("error.type"));
    let expected = [None, Some("throttled"), Some("maintenance")];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert!(
        calls
            .iter()
            .all(|call| call.field("http.request.method_original").is_none())
    );
    assert_eq!(spans.named("attempt").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_span_holds_a_secret() {
    let spans = Spans::new();
    let upstream = Script::new([
        status(500).header("set-cookie", "s3cret"),
        Step::Fail("s3cret".into()),
    ]);
    let stack = Stack::new(payments().backoff(steady()), &upstream);
    let request = with_header(post(), "authorization", "Bearer s3cret");
    let request = with_header(request, "idempotency-key", "s3cret-key");
    stack.send(request).await.unwrap();
    let all = format!("{:?}{:?}", spans.named("call"), spans.named("attempt"));
    assert!(all.contains("https://gateway.test/v1/payments?REDACTED"));
    assert!(!all.contains("s3cret"), "{all}");
}

/// Which span is the current one when a transport is called, and while it works.
#[derive(Clone, Default)]
struct Current(Arc<Mutex<Vec<Option<&'static str>>>>);

impl Current {
    fn note(&self) {
        let span = tracing::Span::current();
        let name = span.metadata().map(tracing::Metadata::name);
        self.0.lock().unwrap().push(name);
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_around_the_transport_sees_the_attempt_s_span() {
    let _spans = Spans::new();
    let current = Current::default();
    let seen = current.clone();
    let transport = service_fn(move |_: Call| {
        seen.note();
        let seen = seen.clone();
        async move {
            pass(millis(10)).await;
            seen.note();
            Ok::<_, Infallible>(Response::new(()))
        }
    });
    let layer = ResilienceLayer::new(external().build().unwrap());
    layer.layer(transport).oneshot(get()).await.unwrap();
    current.note();
    assert_eq!(
        *current.0.lock().unwrap(),
        [Some("attempt"), Some("attempt"), None]
    );
}

#[tokio::test(start_paused = true)]
async fn a_traceparent_set_around_the_stack_arrives_on_every_attempt() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let arrived = Arc::clone(&seen);
    let transport = service_fn(move |request: Call| {
        let parent = request.headers()["traceparent"].clone();
        let mut arrived = arrived.lock().unwrap();
        arrived.push(parent.to_str().unwrap().to_owned());
        let mut response = Response::new(());
        *response.status_mut() = if arrived.len() < 3 { 500 } else { 200 }
            .try_into()
            .unwrap();
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let layer = ResilienceLayer::new(external().build().unwrap());
    let traced = with_header(get(), "traceparent", "00-4bf9-00f0-01");
    layer.layer(transport).oneshot(traced).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["00-4bf9-00f0-01"; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_retry_of_an_outer_stack_is_none_of_the_inner_one_s() {
    let spans = Spans::new();
    let inner = ResilienceLayer::new(external().max_attempts(1).build().unwrap());
    let outer = Upstreams::new(external().build().unwrap());
    // Its retries are numbered, but no layer of its own makes spans of them.
    let numbered = CircuitLayer::new(outer.clone()).layer(inner.layer(Script::new([status(500)])));
    let service = RetryLayer::new(outer).layer(numbered);
    assert_eq!(service.oneshot(get()).await.unwrap().status(), 200);
    let resends = spans.named("attempt");
    let resends = resends
        .iter()
        .map(|span| span.field("http.request.resend_count"));
    assert_eq!(resends.collect::<Vec<_>>(), [None, None]);
}

#[tokio::test]
async fn alone_an_attempt_s_span_stands_on_any_service() {
    let spans = Spans::new();
    let answers = service_fn(|_: Request<()>| async {
        let mut response = Response::new(());
        *response.status_mut() = http::StatusCode::NOT_FOUND;
        Ok::<_, Infallible>(response)
    });
    let request = Request::builder().method("PURGE").uri("/cache").body(());
    let service = AttemptSpanLayer::new().layer(answers);
    service.oneshot(request.unwrap()).await.unwrap();
    let attempt = &spans.named("attempt")[0];
    assert_eq!(attempt.field("http.request.method"), Some("_OTHER"));
    assert_eq!(attempt.field("http.request.method_original"), Some("PURGE"));
    assert_eq!(attempt.field("otel.name"), Some("HTTP"));
    assert_eq!(attempt.field("error.type"), Some("404"));
    assert_eq!(attempt.field("server.address"), None);
}

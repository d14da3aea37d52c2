//! Bodies that cannot be sent again.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;

use super::*;
use crate::policy::StopReason;
use crate::{Body, Report, ResilienceLayer};

/// A stream that is longer than what is kept of it.
fn request() -> Request<Body> {
    let stream = Full::new(Bytes::from_static(b"s3cret-body"));
    Request::put(URL)
        .body(Body::stream_with_limit(stream, 4))
        .unwrap()
}

/// Why a call with that body ends at a 503, express and through each layer.
async fn stop_reasons(max_attempts: u32) -> [StopReason; 2] {
    let nobody = tracing::subscriber::NoSubscriber::default();
    let _unseen = tracing::subscriber::set_default(nobody);
    let transport = service_fn(async |request: Request<Body>| {
        let _read = request.into_body().collect().await;
        let mut answer = Response::new(Full::new(Bytes::new()));
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        Ok::<_, Infallible>(answer)
    });
    let policy = Policy::internal().to_builder().max_attempts(max_attempts);
    let layer = ResilienceLayer::new(policy.build().unwrap());
    let express = layer.layer(transport).oneshot(request()).await.unwrap();
    let whole = layer
        .stack()
        .whole(transport)
        .oneshot(request())
        .await
        .unwrap();
    [express, whole].map(|answer| Report::of(&answer).unwrap().stop_reason())
}

#[tokio::test(start_paused = true)]
async fn of_the_only_attempt_the_body_is_no_reason_to_stop() {
    assert_eq!(stop_reasons(1).await, [StopReason::AttemptsExhausted; 2]);
}

#[tokio::test(start_paused = true)]
async fn where_there_could_be_another_it_is() {
    assert_eq!(stop_reasons(3).await, [StopReason::BodyNotReplayable; 2]);
}

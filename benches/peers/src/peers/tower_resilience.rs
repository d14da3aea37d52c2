//! tower-resilience's timelimiter + retry + circuit breaker + timelimiter.

use std::time::Duration;

use http::{Request, Response};
use tower::{Layer, Service};
use tower_resilience::circuitbreaker::{CircuitBreakerLayer, SlidingWindowType};
use tower_resilience::retry::RetryLayer;
use tower_resilience::timelimiter::TimeLimiterLayer;

use crate::request::Body;

/// The whole stack; a 5xx is retried at once.
pub fn stack<S, C>(
    service: S,
) -> impl Service<Request<Body>, Response = Response<C>, Future: Send, Error: Send> + Clone + Send
where
    S: Service<Request<Body>, Response = Response<C>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    C: Send + 'static,
{
    let limited = |seconds| {
        let limit = Duration::from_secs(seconds);
        TimeLimiterLayer::builder().timeout_duration(limit).build()
    };
    let guarded = breaker(limited(30).layer(service));
    let retry = RetryLayer::builder()
        .max_attempts(4)
        .fixed_backoff(Duration::ZERO)
        .retry_on_response(|response: &Response<C>| response.status().is_server_error())
        .build();
    limited(90).layer(retry.layer(guarded))
}

/// The circuit breaker alone, at its defaults: a window of a hundred calls.
///
/// # Panics
///
/// If its settings are refused.
pub fn breaker<S, C>(
    service: S,
) -> impl Service<Request<Body>, Response = Response<C>, Future: Send, Error: Send> + Clone + Send
where
    S: Service<Request<Body>, Response = Response<C>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    C: Send + 'static,
{
    let layer = CircuitBreakerLayer::builder()
        .failure_classifier(failed)
        .build()
        .expect("a valid circuit breaker");
    layer.layer(service)
}

/// The same over a window of time, as a count of calls says nothing of how long ago they were.
///
/// # Panics
///
/// If its settings are refused.
pub fn breaker_over<S, C>(
    window: Duration,
    service: S,
) -> impl Service<Request<Body>, Response = Response<C>, Future: Send, Error: Send> + Clone + Send
where
    S: Service<Request<Body>, Response = Response<C>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    C: Send + 'static,
{
    let layer = CircuitBreakerLayer::builder()
        .sliding_window_type(SlidingWindowType::TimeBased)
        .sliding_window_duration(window)
        .minimum_number_of_calls(20)
        .failure_classifier(failed)
        .build()
        .expect("a valid circuit breaker");
    layer.layer(service)
}

fn failed<C, E>(result: &Result<Response<C>, E>) -> bool {
    match result {
        Ok(response) => response.status().is_server_error(),
        Err(_) => true,
    }
}

//! The gateway as a service, on paused time.

use super::{Gateway, IDEMPOTENCY_KEY};
use crate::model::client::{in_process, payment_request};
use crate::model::clock::Clock;
use crate::model::scenario::{RetryAfter, Scenario, Times};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::time::Duration;
use tower::ServiceExt;

const HEALTHY: Duration = Times::INCIDENT.healthy;

/// A window of 60 s; 10 requests a second, cold and warm.
fn scenario() -> Scenario {
    Scenario {
        maintenance: Duration::from_secs(60),
        horizon: Duration::from_secs(900),
        cold_rate: 10.0,
        warm_rate: 10.0,
        queue_limit: 3,
        ..Scenario::default()
    }
}

async fn pay(
    gateway: &Gateway,
    payment: usize,
    key: bool,
) -> std::io::Result<(StatusCode, HeaderMap)> {
    let mut request = payment_request(payment, &in_process());
    if key {
        request
            .headers_mut()
            .insert(IDEMPOTENCY_KEY, HeaderValue::from_static("a"));
    }
    let (head, _) = gateway.clone().oneshot(request).await?.into_parts();
    Ok((head.status, head.headers))
}

#[tokio::test(start_paused = true)]
async fn a_healthy_gateway_charges_after_one_slot() {
    let clock = Clock::start();
    let gateway = Gateway::start(&scenario(), 1, clock);
    let (status, _) = pay(&gateway, 0, false).await.expect("answered");
    assert_eq!(status, StatusCode::OK);
    assert_eq!(clock.now(), Duration::from_millis(100));
    assert_eq!(gateway.take_record().charges, [1]);
}

#[tokio::test(start_paused = true)]
async fn the_window_refuses_with_a_constant_retry_after() {
    let clock = Clock::start();
    let gateway = Gateway::start(&scenario(), 1, clock);
    for at in [HEALTHY, HEALTHY + Duration::from_secs(59)] {
        clock.sleep_until(at).await;
        let (status, headers) = pay(&gateway, 0, true).await.expect("answered");
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(headers[header::RETRY_AFTER], "1200");
        assert_eq!(clock.now(), at + Duration::from_millis(10));
    }
    clock.sleep_until(HEALTHY + Duration::from_secs(60)).await;
    let (status, _) = pay(&gateway, 0, true).await.expect("answered");
    assert_eq!(status, StatusCode::OK);
    let record = gateway.take_record();
    assert_eq!(record.charges, [1]);
    assert_eq!(
        record.refused.all().iter().sum::<u32>(),
        0,
        "the queue was never full"
    );
}

#[tokio::test(start_paused = true)]
async fn a_date_is_the_end_of_the_window_and_none_is_nothing() {
    let clock = Clock::start();
    let dated = Gateway::start(
        &Scenario {
            retry_after: RetryAfter::Date,
            ..scenario()
        },
        1,
        clock,
    );
    let silent = Gateway::start(
        &Scenario {
            retry_after: RetryAfter::None,
            ..scenario()
        },
        1,
        clock,
    );
    clock.sleep_until(HEALTHY + Duration::from_secs(30)).await;
    let (_, headers) = pay(&dated, 0, true).await.expect("answered");
    assert_eq!(
        headers[header::RETRY_AFTER],
        "Wed, 12 Nov 2025 14:01:00 GMT"
    );
    assert_eq!(headers[header::DATE], "Wed, 12 Nov 2025 14:00:30 GMT");
    let (status, headers) = pay(&silent, 0, true).await.expect("answered");
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(headers.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_client_has_gone_costs_its_slot_and_is_charged() {
    let clock = Clock::start();
    let gateway = Gateway::start(&scenario(), 2, clock);
    let gone = tokio::time::timeout(Duration::from_millis(50), pay(&gateway, 0, false)).await;
    assert!(gone.is_err());
    let (status, _) = pay(&gateway, 1, false).await.expect("answered");
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        clock.now(),
        Duration::from_millis(200),
        "the second waited for the first's slot"
    );
    assert_eq!(gateway.take_record().charges, [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_at_once_without_retry_after() {
    let clock = Clock::start();
    let gateway = Gateway::start(&scenario(), 4, clock);
    let waiting: Vec<_> = (0..3)
        .map(|payment| {
            let gateway = gateway.clone();
            tokio::spawn(async move { pay(&gateway, payment, false).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let (status, headers) = pay(&gateway, 3, false).await.expect("answered");
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(headers.is_empty());
    assert_eq!(clock.now(), Duration::ZERO);
    for task in waiting {
        let (status, _) = task.await.expect("no panic").expect("answered");
        assert_eq!(status, StatusCode::OK);
    }
    let record = gateway.take_record();
    assert_eq!(record.charges, [1, 1, 1, 0]);
    assert_eq!(record.refused.all()[0], 1);
    assert_eq!(record.outstanding.all()[0], 3);
    assert_eq!(record.offered.all()[0], 4);
}

#[tokio::test(start_paused = true)]
async fn commit_then_drop_charges_and_breaks_the_connection() {
    let scenario = Scenario {
        commit_then_drop: 1.0,
        ..scenario()
    };
    let gateway = Gateway::start(&scenario, 2, Clock::start());
    for _ in 0..2 {
        let error = pay(&gateway, 0, true).await.expect_err("dropped");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        let error = pay(&gateway, 1, false).await.expect_err("dropped");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    assert_eq!(
        gateway.take_record().charges,
        [1, 2],
        "the key is what prevents the second charge"
    );
}

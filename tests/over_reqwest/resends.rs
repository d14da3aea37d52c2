//! What reqwest sends again by itself, and what the policy does instead.

use seawall::adapters::reqwest::{ReqwestService, ResilienceMiddleware};
use seawall::testing::{Fault, Gateway};
use seawall::{Delivery, StopReason};

use super::{layer, over, pay, post, report, server, unkeyed};
use tower::ServiceExt;
use wiremock::ResponseTemplate;

/// A gateway that refuses every stream.
async fn refusing() -> Gateway {
    let gateway = Gateway::start().await.unwrap();
    gateway.fault(Fault::RefusedStream, 1.0);
    gateway
}

fn http2() -> reqwest::ClientBuilder {
    reqwest::Client::builder().http2_prior_knowledge()
}

#[tokio::test]
async fn the_control_a_reqwest_client_by_itself_sends_a_refused_post_three_times() {
    let gateway = refusing().await;
    let post = http2().build().unwrap().post(gateway.url()).body("{}");
    assert!(post.send().await.is_err());
    assert_eq!(gateway.counts().requests, 3);
}

#[tokio::test]
async fn a_refused_post_is_sent_as_often_as_the_policy_says_and_each_time_is_reported() {
    for max_attempts in [1, 2] {
        let gateway = refusing().await;
        let transport = ReqwestService::build(http2()).unwrap();
        let service = over(transport, unkeyed().max_attempts(max_attempts));
        let error = pay(service, &gateway.url()).await.unwrap_err();

        assert_eq!(gateway.counts().requests, u64::from(max_attempts));
        assert_eq!(error.report().attempts(), max_attempts);
        // The server said that it did nothing, so a POST without a key may go again.
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(error.report().stop_reason(), StopReason::AttemptsExhausted);
    }
}

/// There the body stays one of bytes, which reqwest could send again.
#[tokio::test]
async fn a_middlewares_client_does_not_resend_by_itself_either() {
    let gateway = refusing().await;
    let once = layer(unkeyed().max_attempts(1));
    let client = ResilienceMiddleware::client(once, http2()).unwrap();
    let sent = client.post(gateway.url()).body("{}").send().await;
    assert!(sent.is_err());
    assert_eq!(gateway.counts().requests, 1);
}

#[tokio::test]
async fn a_ready_made_client_cannot_send_it_again_and_proves_nothing() {
    let gateway = refusing().await;
    let transport = ReqwestService::ready_made(http2().build().unwrap());
    let error = pay(over(transport, unkeyed()), &gateway.url())
        .await
        .unwrap_err();
    assert_eq!(gateway.counts().requests, 1);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.report().stop_reason(), StopReason::NotIdempotent);
}

#[tokio::test]
async fn another_reset_than_a_refusal_is_unknown() {
    let gateway = Gateway::start().await.unwrap();
    gateway.next(Fault::CommitThenReset);
    let transport = ReqwestService::build(http2()).unwrap();
    let error = pay(over(transport, unkeyed()), &gateway.url())
        .await
        .unwrap_err();
    assert_eq!(gateway.counts().requests, 1);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(gateway.charges().len(), 1);
}

#[tokio::test]
async fn a_retry_after_is_waited_for_and_the_key_stays_the_same() {
    let closed = ResponseTemplate::new(503).insert_header("retry-after", "1");
    let server = server([closed]).await;
    let paid = pay(over(super::built(), super::keyed()), &server.uri())
        .await
        .unwrap();

    assert_eq!(report(&paid).attempts(), 2);
    assert!(report(&paid).waited() >= 10 * super::TENTH, "{paid:?}");
    let keys = super::keys(&server).await;
    assert!(keys[0].is_some() && keys[0] == keys[1], "{keys:?}");
}

#[tokio::test]
async fn a_500_to_a_post_without_a_key_is_not_sent_again() {
    let server = server([ResponseTemplate::new(500)]).await;
    let service = over(super::built(), unkeyed());
    let answer = service.oneshot(post(&server.uri())).await.unwrap();
    assert_eq!(answer.status(), 500);
    assert_eq!(report(&answer).delivery(), Delivery::Unknown);
    assert_eq!(super::keys(&server).await, [None]);
}

#[tokio::test]
async fn a_server_that_takes_its_leave_is_paid_once_by_each() {
    const PAYMENTS: usize = 8;
    let gateway = Gateway::start().await.unwrap();
    let service = over(ReqwestService::build(http2()).unwrap(), unkeyed());
    pay(service.clone(), &gateway.url()).await.unwrap();

    // What is above its last stream was thrown away, and goes again without a key.
    gateway.next(Fault::GoAway);
    let mut payments = tokio::task::JoinSet::new();
    for _ in 0..PAYMENTS {
        payments.spawn(service.clone().oneshot(post(&gateway.url())));
    }
    let ends = payments.join_all().await;
    let paid = ends.iter().filter(|end| end.is_ok()).count();
    for error in ends.iter().filter_map(|end| end.as_ref().err()) {
        assert_eq!(error.delivery(), Delivery::Unknown, "{error}");
    }
    let charges = gateway.charges().len();
    assert!(
        (1 + paid..=1 + PAYMENTS).contains(&charges),
        "{charges} for {paid}"
    );
}

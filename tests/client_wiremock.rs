//! The client against an HTTP server that behaves. Real sockets, real time, no sleeps.
#![cfg(feature = "client")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, SystemTime};

use http::Method;
use seawall::policy::Refusal;
use seawall::policy::idempotency::KeyRefusal;
use seawall::{
    Backoff, Client, Delivery, ErrorKind, IdempotencyKey, Jitter, Policy, PolicyBuilder, Provider,
    StopReason,
};
use wiremock::matchers::{any, body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const TENTH: Duration = Duration::from_millis(100);

fn quick(policy: &Policy) -> PolicyBuilder {
    let backoff = Backoff::new(TENTH, 1.0, TENTH, Jitter::Proportional(0.1)).unwrap();
    policy.to_builder().backoff(backoff).budget(0.5, 10)
}

fn payments() -> Client {
    client(quick(&Policy::external_payments(Provider::generic())))
}

fn external() -> Client {
    client(quick(&Policy::external()))
}

fn client(policy: PolicyBuilder) -> Client {
    Client::builder(policy.build().unwrap()).build().unwrap()
}

/// A server that gives these answers, one after the other, and then 200.
async fn server(answers: impl IntoIterator<Item = ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    for answer in answers {
        let once = Mock::given(any()).respond_with(answer).up_to_n_times(1);
        once.mount(&server).await;
    }
    let paid = ResponseTemplate::new(200).set_body_string("{\"paid\":true}");
    Mock::given(any()).respond_with(paid).mount(&server).await;
    server
}

fn status(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
}

fn retry_after(code: u16, seconds: &str) -> ResponseTemplate {
    status(code).insert_header("retry-after", seconds)
}

async fn count(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn an_answer_comes_back_with_its_body_and_its_report() {
    let server = MockServer::start().await;
    Mock::given(method("PUT"))
        .and(path("/v1/orders/7"))
        .and(header("x-trace", "abc"))
        .and(body_string("hello"))
        .respond_with(
            status(201)
                .set_body_string("made")
                .insert_header("x-id", "7"),
        )
        .mount(&server)
        .await;
    let url = format!("{}/v1/orders/7?full=true", server.uri());
    let request = external().put(url).header("x-trace", "abc").body("hello");
    let answer = request.send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-id"]),
        (201, &"7".parse().unwrap())
    );
    let report = answer.report().clone();
    assert_eq!(
        (report.attempts(), report.stop_reason()),
        (1, StopReason::Answered)
    );
    assert_eq!(report.delivery(), Delivery::Done);
    assert_eq!(report.upstream(), server.uri());
    assert_eq!(answer.text().await.unwrap(), "made");
}

#[tokio::test]
async fn collected_it_is_whole_and_can_be_read_more_than_once() {
    let server = server([
        status(503),
        status(201)
            .insert_header("x-id", "7")
            .set_body_string("made"),
    ])
    .await;
    let answer = payments()
        .post(server.uri())
        .body("{}")
        .collect()
        .await
        .unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.report().attempts()),
        (201, 2)
    );
    assert_eq!(answer.headers()["x-id"], "7");
    assert_eq!(answer.version(), http::Version::HTTP_11);
    assert_eq!(
        (answer.text().unwrap(), answer.bytes().unwrap()),
        ("made".to_owned(), "made".into())
    );
    assert!(format!("{answer:?}").contains("201") && !format!("{answer:?}").contains("made"));
    let plain = answer.error_for_status().unwrap().into_http();
    assert_eq!(
        seawall::Report::in_extensions(&plain).unwrap().attempts(),
        2
    );
    assert_eq!(plain.into_body().into_bytes().unwrap(), "made");
}

#[tokio::test]
async fn collected_or_not_a_wrong_request_and_a_status_are_the_same_errors() {
    let wrong = payments()
        .get("ftp://gateway.test/")
        .collect()
        .await
        .unwrap_err();
    assert_eq!(
        (wrong.kind(), wrong.code()),
        (ErrorKind::Config, "payment_request_invalid")
    );

    let server = server([status(403).insert_header("x-id", "7").set_body_string("no")]).await;
    let answer = payments().get(server.uri()).collect().await.unwrap();
    assert_eq!(answer.text().unwrap(), "no");
    let error = answer.error_for_status().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(
        (
            error.status().unwrap().as_u16(),
            &error.headers().unwrap()["x-id"]
        ),
        (403, &"7".parse().unwrap())
    );
}

#[tokio::test]
async fn two_mib_are_collected_and_one_byte_more_is_not() {
    let most = 2 * 1024 * 1024;
    for (length, fits) in [(most, true), (most + 1, false)] {
        let server = server([status(200).set_body_bytes(vec![b'x'; length])]).await;
        let answer = external().get(server.uri()).collect().await;
        assert_eq!(
            answer.is_ok_and(|answer| answer.bytes().unwrap().len() == length),
            fits
        );
        let server = self::server([status(200).set_body_bytes(vec![b'x'; length])]).await;
        let response = external().get(server.uri()).send().await.unwrap();
        assert_eq!(
            response
                .bytes()
                .await
                .is_ok_and(|bytes| bytes.len() == length),
            fits
        );
    }
}

#[tokio::test]
async fn a_503_is_sent_again_with_the_same_key_and_bytes() {
    let server = server([status(503)]).await;
    let key = IdempotencyKey::for_operation("shop", "charge", "order-1042/1");
    let request = payments().post(server.uri()).body("amount=1000");
    let answer = request.idempotency_key(&key).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.report().attempts()),
        (200, 2)
    );
    assert!(answer.report().waited() >= TENTH * 9 / 10);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(request.headers["idempotency-key"], key.as_str());
        assert_eq!(request.body, b"amount=1000");
    }
}

#[tokio::test]
async fn a_payment_without_a_key_gets_one_and_keeps_it() {
    let server = server([status(500), status(502)]).await;
    let answer = payments().post(server.uri()).body("{}").send().await;
    assert_eq!(answer.unwrap().report().attempts(), 3);
    let requests = server.received_requests().await.unwrap();
    let key = &requests[0].headers["idempotency-key"];
    assert!(
        requests
            .iter()
            .all(|request| request.headers["idempotency-key"] == key)
    );
}

#[tokio::test]
async fn a_post_without_a_key_is_not_sent_again() {
    let server = server([status(503)]).await;
    let answer = external()
        .post(server.uri())
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!((answer.status().as_u16(), count(&server).await), (503, 1));
    assert_eq!(answer.report().stop_reason(), StopReason::NotIdempotent);
    let error = answer.error_for_status().unwrap_err();
    assert_eq!(
        (error.delivery(), error.retry_at()),
        (Delivery::Unknown, None)
    );
    assert_eq!(error.code(), "upstream_outcome_unknown");
    let requests = server.received_requests().await.unwrap();
    assert!(!requests[0].headers.contains_key("idempotency-key"));
}

#[tokio::test]
async fn a_retry_after_closes_the_gate_and_the_second_call_sends_nothing() {
    let server = server([retry_after(503, "1200")]).await;
    let client = payments();
    let first = client.post(server.uri()).body("{}").send().await.unwrap();
    assert_eq!(first.status(), 503);
    assert_eq!(first.report().stop_reason(), StopReason::DeadlineTooNear);
    assert_eq!(first.report().delivery(), Delivery::Rejected);

    let second = client.clone().get(server.uri()).send().await.unwrap_err();
    assert_eq!(second.refusal(), Some(Refusal::Gate));
    assert_eq!(second.kind(), ErrorKind::Unavailable);
    assert_eq!(second.code(), "payment_gateway_unavailable");
    assert_eq!(second.delivery(), Delivery::NotSent);
    assert!(second.retry_after().unwrap() > Duration::from_secs(1_190));
    assert_eq!(count(&server).await, 1);
    // A finer upstream has a gate of its own.
    let reports = client.get(server.uri()).upstream("reports").send().await;
    assert_eq!(reports.unwrap().status(), 200);
}

#[tokio::test]
async fn a_429_stops_its_credential_and_no_other() {
    let server = server([retry_after(429, "600")]).await;
    let client = external();
    let of = |token: &'static str| client.get(server.uri()).header("authorization", token);
    let first = of("Bearer s3cret-a").send().await.unwrap();
    let error = first.error_for_status().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(error.code(), "upstream_throttled");

    let second = of("Bearer s3cret-a").send().await.unwrap_err();
    assert_eq!(second.refusal(), Some(Refusal::RateLimit));
    assert!(!format!("{second} {second:?}").contains("s3cret"));
    assert_eq!(count(&server).await, 1);
    assert_eq!(of("Bearer s3cret-b").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_status_becomes_an_error_of_its_kind_when_asked() {
    for (code, kind, text) in [
        (
            401,
            ErrorKind::Authentication,
            "payment_gateway_authentication_failed",
        ),
        (
            403,
            ErrorKind::Authentication,
            "payment_gateway_authentication_failed",
        ),
        (404, ErrorKind::Protocol, "payment_gateway_protocol_error"),
        (429, ErrorKind::Throttled, "payment_gateway_throttled"),
        (501, ErrorKind::Unavailable, "payment_outcome_unknown"),
    ] {
        let server = server((0..4).map(|_| status(code).insert_header("x-id", "7"))).await;
        let answer = payments()
            .post(server.uri())
            .body("{}")
            .send()
            .await
            .unwrap();
        let error = answer.error_for_status().unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, text));
        assert_eq!(error.status().unwrap(), code);
        assert_eq!(error.headers().unwrap()["x-id"], "7");
        assert!(error.report().idempotency_key().is_some());
    }
    let server = server([status(302)]).await;
    let answer = external().get(server.uri()).send().await.unwrap();
    assert_eq!(answer.error_for_status().unwrap().status(), 302);
    assert_eq!(count(&server).await, 1, "redirects are not followed");
}

#[tokio::test]
async fn plain_http_leaves_the_machine_only_by_choice() {
    let error = external()
        .get("http://gateway.test/pay?card=s3cret")
        .send()
        .await;
    let error = error.unwrap_err();
    assert!(error.is_config());
    assert_eq!(
        (error.report().attempts(), error.delivery()),
        (0, Delivery::NotSent)
    );
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("`gateway.test`") && text.contains("https"),
        "{text}"
    );
    assert!(!text.contains("s3cret"));
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_before_anything_is_sent() {
    let server = server([]).await;
    let uri = server.uri();
    let client = external();
    for (request, value, fix) in [
        (
            client.get("gateway.test/pay?k=s3cret"),
            "`gateway.test/pay`",
            "https://",
        ),
        (
            client.get("user:s3cret@gateway.test/pay"),
            "`gateway.test/pay`",
            "https://",
        ),
        (
            client.get("https://user:s3cret@gateway.test/"),
            "`https://gateway.test/`",
            "Authorization",
        ),
        (
            client.get("https://user:s3cret@/"),
            "https://",
            "https://host/path",
        ),
        (
            client.get("ftp://gateway.test/"),
            "`ftp://gateway.test/`",
            "https://",
        ),
        (
            client.get("https://gateway.test:99999/"),
            "99999",
            "https://",
        ),
        (client.get(""), "``", "https://"),
        (
            client.get(&uri).header("bad name", "s3cret"),
            "header name",
            "use letters",
        ),
        (
            client.get(&uri).header("x-id", "s3cret\n"),
            "`x-id`",
            "visible ASCII",
        ),
    ] {
        let error = request.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!((error.report().attempts(), error.retry_at()), (0, None));
        let text = format!("{error} {error:?}");
        assert!(text.contains(value) && text.contains(fix), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    assert_eq!(count(&server).await, 0);
}

#[tokio::test]
async fn bad_input_is_a_typed_error_before_anything_is_sent() {
    let server = server([]).await;
    let uri = server.uri();
    let client = payments();
    let long = "s3cret".repeat(50);
    for (request, rule) in [
        (
            client.post(&uri).header("idempotency-key", &long),
            "300 characters, and must have at most 255",
        ),
        (
            client
                .post(&uri)
                .header("idempotency-key", "s3cret\ts3cret"),
            "position 6",
        ),
        (
            client.get(&uri).header("idempotency-key", "s3cret"),
            "GET does nothing that must not happen twice",
        ),
        (
            client
                .post(&uri)
                .header("content-length", "3")
                .body("s3cret"),
            "Content-Length is not the length of its body",
        ),
        (
            client.request(Method::TRACE, &uri).body("s3cret"),
            "TRACE and CONNECT have no content",
        ),
    ] {
        let error = request.send().await.unwrap_err();
        assert_eq!(error.code(), "payment_request_invalid");
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!((error.report().attempts(), error.retry_at()), (0, None));
        let text = format!("{error} {error:?}");
        assert!(text.contains(rule), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    assert_eq!(count(&server).await, 0);
}

#[tokio::test]
async fn the_same_key_is_not_sent_with_another_body() {
    let server = server([status(200), status(200)]).await;
    let client = payments();
    let key = IdempotencyKey::for_operation("shop", "charge", "order-17/attempt-1");
    let pay = |amount| {
        let request = client.post(server.uri()).idempotency_key(&key);
        request.body(amount).send()
    };
    pay("10").await.unwrap();
    let error = pay("11").await.unwrap_err();
    assert_eq!(error.key_refusal(), Some(&KeyRefusal::OtherRequest));
    pay("10").await.unwrap();
    assert_eq!(count(&server).await, 2);
}

#[tokio::test]
async fn a_stored_key_past_its_life_is_not_sent_again() {
    let server = server([]).await;
    let key = IdempotencyKey::for_operation("shop", "charge", "order-17/attempt-1");
    let long_ago = SystemTime::UNIX_EPOCH;
    let request = payments().post(server.uri()).idempotency_key(&key);
    let error = request.first_sent_at(long_ago).send().await.unwrap_err();
    assert_eq!(error.code(), "payment_outcome_unknown");
    assert_eq!(error.report().stop_reason(), StopReason::KeyExpired);
    assert_eq!(error.retry_at(), None);
    assert_eq!(count(&server).await, 0);
}

#[tokio::test]
async fn a_redirect_is_not_followed_so_no_key_goes_to_another_origin() {
    let elsewhere = server([]).await;
    let moved = status(307).insert_header("location", elsewhere.uri());
    let server = server([moved]).await;
    let response = payments().post(server.uri()).body("{}").send().await;
    let response = response.unwrap();
    assert_eq!(response.status(), 307);
    assert_eq!(response.report().delivery(), Delivery::Rejected);
    assert_eq!(count(&elsewhere).await, 0);
}

#[tokio::test]
async fn a_request_in_the_making_and_an_answer_print_no_secret() {
    let answer = status(200).insert_header("set-cookie", "s3cret");
    let server = server([answer.set_body_string("s3cret")]).await;
    let url = format!("{}/pay?card=s3cret", server.uri());
    let request = external()
        .post(url)
        .header("authorization", "s3cret")
        .body("s3cret");
    assert_eq!(format!("{request:?}"), "POST /pay");
    let answer = request.send().await.unwrap();
    let text = format!("{answer:?} {}", answer.report());
    assert!(text.contains("200") && !text.contains("s3cret"), "{text}");
    assert_eq!(answer.text().await.unwrap(), "s3cret");
}

#[tokio::test]
async fn a_deadline_of_the_call_holds() {
    let slow = status(200).set_delay(Duration::from_secs(60));
    let server = server([slow]).await;
    let request = payments()
        .post(server.uri())
        .body("{}")
        .deadline(10 * TENTH);
    let error = request.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.report().stop_reason(), StopReason::DeadlineExceeded);
    assert_eq!(error.code(), "payment_outcome_unknown");
    assert!(error.report().elapsed() >= 10 * TENTH && error.retry_at().is_some());
}

#[cfg(feature = "json")]
mod json {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    struct Payment {
        amount: u32,
    }

    #[tokio::test]
    async fn a_value_goes_out_and_comes_back_as_json() {
        let server = MockServer::start().await;
        let echo = |request: &wiremock::Request| status(200).set_body_bytes(request.body.clone());
        Mock::given(header("content-type", "application/json"))
            .respond_with(echo)
            .mount(&server)
            .await;
        let sent = Payment { amount: 1_000 };
        let answer = payments()
            .post(server.uri())
            .json(&sent)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.json::<Payment>().await.unwrap(), sent);
    }

    #[tokio::test]
    async fn an_own_content_type_is_kept() {
        let server = server([]).await;
        let request = payments().post(server.uri());
        let request = request.header("content-type", "application/vnd.pay+json");
        request.json(&Payment { amount: 1 }).send().await.unwrap();
        let requests = server.received_requests().await.unwrap();
        assert_eq!(
            requests[0].headers["content-type"],
            "application/vnd.pay+json"
        );
    }

    #[tokio::test]
    async fn what_is_not_that_json_is_an_error_of_the_body_and_its_outcome_unknown() {
        let server = server([status(200).set_body_string("s3cret, not JSON")]).await;
        let answer = payments()
            .post(server.uri())
            .body("{}")
            .send()
            .await
            .unwrap();
        let error = answer.json::<Payment>().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Body);
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(error.code(), "payment_outcome_unknown");
        assert!(error.retry_at().is_some());
        assert_eq!(error.report().stop_reason(), StopReason::Committed);
        assert_eq!((error.report().attempts(), count(&server).await), (1, 1));
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
}

//! Bodies that end too early.

use super::*;
use crate::policy::idempotency::KeyRefusal;
use crate::policy::{Failure, Refusal};

#[tokio::test]
async fn inside_the_call_a_keyed_payment_is_sent_again() {
    for broken in [TRUNCATED, CUT_OFF] {
        let peer = Peer::new().await;
        let (answer, requests) = tokio::join!(
            pay_and_collect(payments(), &peer),
            serve(&peer, [broken, WHOLE])
        );
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 201);
        assert_eq!(answer.text().unwrap(), "paid");
        assert_eq!(answer.bytes().unwrap(), "paid");
        assert_eq!(answer.report().attempts(), 2);
        assert_eq!(answer.report().delivery(), Delivery::Done);
        // The same key, and the same bytes.
        let key = format!(
            "idempotency-key: {}\r\n",
            answer.report().idempotency_key().unwrap()
        );
        assert!(requests.iter().all(|request| request.contains(&key)));
        assert!(requests.iter().all(|request| request.ends_with("\r\n{}")));
    }
}

#[tokio::test]
async fn so_is_a_get() {
    let peer = Peer::new().await;
    let client = unkeyed().build().unwrap();
    let (answer, _) = tokio::join!(
        soon(client.get(peer.url("http")).collect()),
        serve(&peer, [CUT_OFF, WHOLE])
    );
    assert_eq!(answer.unwrap().report().attempts(), 2);
}

#[tokio::test]
async fn a_payment_without_a_key_is_not_and_its_outcome_is_unknown() {
    let peer = Peer::new().await;
    let (error, _) = tokio::join!(pay_and_collect(unkeyed(), &peer), serve(&peer, [TRUNCATED]));
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body);
    assert_eq!(error.failure(), Some(Failure::BrokenBody));
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.report().stop_reason(), StopReason::NotIdempotent);
    assert_eq!((error.report().attempts(), error.retry_at()), (1, None));
    assert_eq!(error.status().unwrap(), 201);
}

#[tokio::test]
async fn once_the_head_was_handed_over_nothing_is_sent_again_and_the_outcome_is_unknown() {
    for (client, harmless, code) in [
        (payments(), true, "payment_outcome_unknown"),
        (unkeyed(), false, "upstream_outcome_unknown"),
    ] {
        let peer = Peer::new().await;
        let (response, _) = tokio::join!(pay(client, &peer), serve(&peer, [TRUNCATED]));
        let response = response.unwrap();
        assert_eq!(response.report().delivery(), Delivery::Done);
        assert_eq!(response.report().retry_at(), None);

        let error = soon(response.text()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Body, code));
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(error.report().stop_reason(), StopReason::Committed);
        assert_eq!(
            (error.report().attempts(), error.status().unwrap().as_u16()),
            (1, 201)
        );
        // With the key that was honoured, and after the jittered cap of the backoff.
        let again = error.retry_after();
        assert_eq!(again.is_some(), harmless);
        assert!(again.is_none_or(|again| again >= TENTH * 9 / 10 && again <= TENTH));
        let advice = if harmless {
            "same idempotency key"
        } else {
            "ask the upstream"
        };
        assert!(error.to_string().contains(advice), "{error}");
        assert!(!body_error(&error).is_timeout() && !body_error(&error).is_oversized());
    }
}

#[tokio::test]
async fn the_key_of_a_lost_answer_is_held_to_what_was_sent_with_it() {
    let peer = Peer::new().await;
    let client = payments().build().unwrap();
    let url = peer.url("http");
    let pay = || client.post(&url).body("ten").send();
    let (response, _) = tokio::join!(soon(pay()), serve(&peer, [TRUNCATED]));
    let error = soon(response.unwrap().bytes()).await.unwrap_err();
    // Made for the call, and named to the caller.
    let key = error.report().idempotency_key().unwrap();
    let again = |body: &'static str| client.post(&url).idempotency_key(key).body(body).collect();

    let other = soon(again("eleven")).await.unwrap_err();
    assert_eq!(other.key_refusal(), Some(&KeyRefusal::OtherRequest));
    let (same, _) = tokio::join!(soon(again("ten")), serve(&peer, [WHOLE]));
    assert_eq!(same.unwrap().text().unwrap(), "paid");
}

#[tokio::test]
async fn a_get_whose_body_broke_may_be_made_again() {
    let peer = Peer::new().await;
    let client = unkeyed().build().unwrap();
    let (response, _) = tokio::join!(
        soon(client.get(peer.url("http")).send()),
        serve(&peer, [CUT_OFF])
    );
    let error = soon(response.unwrap().bytes()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(error.retry_at().is_some());
    assert!(error.to_string().contains("does no harm"), "{error}");
}

#[tokio::test]
async fn as_a_stream_it_gives_what_came_and_then_the_same_error() {
    let peer = Peer::new().await;
    let (response, _) = tokio::join!(pay(payments(), &peer), serve(&peer, [TRUNCATED]));
    let mut body = response.unwrap().into_http().into_body();
    let part = soon(body.frame()).await.unwrap().unwrap();
    assert_eq!(part.into_data().unwrap(), "paid");
    let error = soon(body.frame()).await.unwrap().unwrap_err();
    let error: Box<Error> = error.downcast().unwrap();
    assert_eq!(error.kind(), ErrorKind::Body);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(error.retry_at().is_some());
}

#[tokio::test]
async fn what_is_read_whole_but_not_understood_is_unknown_too() {
    let binary = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n";
    let peer = Peer::new().await;
    let server = async {
        let mut tcp = peer.accept().await;
        read_request(&mut tcp).await;
        write(&mut tcp, [binary.as_bytes(), b"\xff"].concat()).await;
    };
    let (answer, ()) = tokio::join!(pay_and_collect(payments(), &peer), server);
    let answer = answer.unwrap();
    assert_eq!(answer.bytes().unwrap(), &b"\xff"[..]);
    let error = answer.text().unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Body, Delivery::Unknown)
    );
    assert!(error.to_string().contains("UTF-8") && error.retry_at().is_some());
    // The answer itself says what it said.
    assert_eq!(answer.report().delivery(), Delivery::Done);
}

#[tokio::test]
async fn a_refusal_without_its_body_is_still_a_refusal() {
    let refused = "HTTP/1.1 402 Payment Required\r\ncontent-length: 9\r\nx-id: 7\r\n\r\ncard";
    let peer = Peer::new().await;
    let (answer, _) = tokio::join!(pay_and_collect(payments(), &peer), serve(&peer, [refused]));
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 402);
    assert_eq!(answer.headers()["x-id"], "7");
    assert_eq!(answer.report().delivery(), Delivery::Rejected);
    assert_eq!(answer.report().attempts(), 1);
    for error in [answer.bytes().unwrap_err(), answer.text().unwrap_err()] {
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Body, Delivery::Rejected)
        );
        assert_eq!(
            (error.code(), error.retry_at()),
            ("payment_gateway_body_error", None)
        );
        assert_eq!(error.report().stop_reason(), StopReason::Committed);
        assert_eq!(error.status().unwrap(), 402);
        assert!(!body_error(&error).is_timeout());
    }
    let error = answer.error_for_status().unwrap_err();
    assert_eq!(
        (error.kind(), error.status().unwrap().as_u16()),
        (ErrorKind::Protocol, 402)
    );
}

#[tokio::test]
async fn a_retry_after_without_its_body_still_closes_the_gate() {
    let down =
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 600\r\ncontent-length: 9\r\n\r\ndown";
    let peer = Peer::new().await;
    let client = payments().build().unwrap();
    let pay = || soon(client.post(peer.url("http")).body("{}").collect());
    let (answer, _) = tokio::join!(pay(), serve(&peer, [down]));
    let answer = answer.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.report().attempts()),
        (503, 1)
    );
    assert_eq!(answer.bytes().unwrap_err().delivery(), Delivery::Rejected);
    assert!(answer.report().retry_after().unwrap() >= Duration::from_secs(590));
    // For every other call too, whichever way it reads its answer.
    assert_eq!(pay().await.unwrap_err().refusal(), Some(Refusal::Gate));
    let sent = client.get(peer.url("http")).send().await.unwrap_err();
    assert_eq!(sent.refusal(), Some(Refusal::Gate));
}

#[cfg(feature = "json")]
#[tokio::test]
async fn json_that_is_not_as_expected_is_not_quoted() {
    #[derive(Debug, serde::Deserialize)]
    enum Status {
        Paid,
    }

    let peer = Peer::new().await;
    let answers = [
        "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n\"Paid\"",
        "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n\"s3cret\"",
    ];
    let (paid, _) = tokio::join!(
        pay_and_collect(payments(), &peer),
        serve(&peer, [answers[0]])
    );
    assert!(matches!(paid.unwrap().json(), Ok(Status::Paid)));
    let (other, _) = tokio::join!(
        pay_and_collect(payments(), &peer),
        serve(&peer, [answers[1]])
    );
    let error = other.unwrap().json::<Status>().unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Body, Delivery::Unknown)
    );
    let source = error.source().unwrap();
    assert!(source.to_string().contains("line 1"), "{source}");
    assert!(!format!("{error} {error:?} {source}").contains("s3cret"));
}

//! Bodies that are too long, or take too long.

use super::*;
use crate::policy::Failure;

const EIGHT: [&str; 2] = [
    "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n12345678",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n",
];

#[tokio::test]
async fn as_long_as_the_limit_is_not_too_long() {
    for answer in EIGHT {
        let peer = Peer::new().await;
        let limited = || payments().response_body_limit(8);
        let (whole, _) = tokio::join!(pay_and_collect(limited(), &peer), serve(&peer, [answer]));
        assert_eq!(whole.unwrap().text().unwrap(), "12345678");
        let (response, _) = tokio::join!(pay(limited(), &peer), serve(&peer, [answer]));
        assert_eq!(soon(response.unwrap().text()).await.unwrap(), "12345678");
    }
}

#[tokio::test]
async fn one_byte_more_is_an_error_and_ends_the_connection() {
    // The second one announces nothing; the rest of the first one never comes.
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n";
    let pouring = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n12345678\r\n";
    for answer in [announced, pouring] {
        let limited = || payments().response_body_limit(7);
        let peer = Peer::new().await;
        let (error, ()) =
            tokio::join!(pay_and_collect(limited(), &peer), serve_open(&peer, answer));
        let error = error.unwrap_err();
        assert_eq!(error.failure(), Some(Failure::OversizedBody { limit: 7 }));
        assert_eq!(error.report().stop_reason(), StopReason::Permanent);
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Body, Delivery::Unknown)
        );
        assert!(
            error.to_string().contains("7 bytes: raise the limit"),
            "{error}"
        );

        let read = async { pay(limited(), &peer).await.unwrap().bytes().await };
        let (error, ()) = tokio::join!(soon(read), serve_open(&peer, answer));
        let error = error.unwrap_err();
        assert_eq!(error.report().stop_reason(), StopReason::Committed);
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Body, Delivery::Unknown)
        );
        assert!(
            error.to_string().contains("7 bytes: raise the limit"),
            "{error}"
        );
        assert!(body_error(&error).is_oversized());
    }
}

#[tokio::test]
async fn a_get_that_would_be_too_long_again_is_not_worth_a_repeat() {
    for collected in [true, false] {
        let peer = Peer::new().await;
        let client = unkeyed().response_body_limit(7).build().unwrap();
        let call = async {
            let get = client.get(peer.url("http"));
            if collected {
                get.collect().await?.bytes()
            } else {
                get.send().await?.bytes().await
            }
        };
        let (error, _) = tokio::join!(soon(call), serve(&peer, [EIGHT[0]]));
        let error = error.unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(error.retry_at(), None, "{collected}");
    }
}

#[tokio::test]
async fn a_stream_has_no_limit() {
    for answer in EIGHT {
        let peer = Peer::new().await;
        let limited = payments().response_body_limit(1);
        let (response, _) = tokio::join!(pay(limited, &peer), serve(&peer, [answer]));
        let body = soon(response.unwrap().into_http().into_body().collect()).await;
        assert_eq!(body.unwrap().to_bytes(), "12345678");
    }
}

#[tokio::test]
async fn the_answer_to_a_head_is_as_long_as_it_is_not_as_it_says() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n";
    let peer = Peer::new().await;
    let client = unkeyed().build().unwrap();
    let (answer, _) = tokio::join!(
        soon(client.head(peer.url("http")).collect()),
        serve(&peer, [head])
    );
    assert_eq!(answer.unwrap().bytes().unwrap(), "");
}

/// Answers half a body, and then nothing. The end of the connection is seen, and asserted.
const STALLED: &str = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\npaid";

#[tokio::test]
async fn a_body_that_stalls_is_waited_for_as_long_as_the_read_timeout_says() {
    let impatient = || unkeyed().read_timeout(TENTH);
    let peer = Peer::new().await;
    let read = async { pay(impatient(), &peer).await.unwrap().bytes().await };
    let (error, ()) = tokio::join!(soon(read), serve_open(&peer, STALLED));
    let error = error.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Body, Delivery::Unknown)
    );
    assert!(body_error(&error).is_timeout() && error.to_string().contains("stalled"));

    let (error, ()) = tokio::join!(
        pay_and_collect(impatient(), &peer),
        serve_open(&peer, STALLED)
    );
    let error = error.unwrap_err();
    assert_eq!(error.failure(), Some(Failure::BrokenBody));
    let cause = error.source().unwrap().source().unwrap();
    assert!(cause.downcast_ref::<BodyError>().unwrap().is_timeout());

    let stream = async {
        let mut body = pay(impatient(), &peer)
            .await
            .unwrap()
            .into_http()
            .into_body();
        let part = body.frame().await.unwrap().unwrap().into_data().unwrap();
        (part, body.frame().await.unwrap().unwrap_err(), body)
    };
    // The connection ends though the body is still held.
    let ((part, error, _body), ()) = tokio::join!(soon(stream), serve_open(&peer, STALLED));
    assert_eq!(part, "paid");
    assert!(body_error(error.downcast_ref().unwrap()).is_timeout());
}

#[tokio::test]
async fn without_one_of_its_own_that_is_the_attempt_timeout() {
    let policy = waiting(&Policy::external(), TENTH).attempt_timeout(10 * TENTH);
    let client = || Client::builder(policy.clone().build().unwrap());
    let peer = Peer::new().await;
    let read = async { pay(client(), &peer).await.unwrap().bytes().await };
    let (error, ()) = tokio::join!(soon(read), serve_open(&peer, STALLED));
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("read timeout of 1s")
    );
}

#[test]
fn limits_that_are_none_are_refused_with_the_fix() {
    let day = Duration::from_secs(86_400);
    for (client, value, fix) in [
        (
            payments().response_body_limit(0),
            "limit is 0",
            "at least 1",
        ),
        (
            payments().read_timeout(Duration::ZERO),
            "read timeout is 0ns",
            "more than zero",
        ),
        (
            payments().read_timeout(31 * day),
            "read timeout is 2678400s",
            "30 days",
        ),
    ] {
        let error = client.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let text = error.to_string();
        assert!(text.contains(value) && text.contains(fix), "{text}");
    }
    let most = payments()
        .response_body_limit(usize::MAX)
        .read_timeout(30 * day);
    assert!(most.build().is_ok());
}

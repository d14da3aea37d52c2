//! HTTP/2 streams and connections that the server ends.

use std::error::Error;

use http::Method;

use super::h2_peer::H2Peer;
use super::peer::Peer;
use super::*;
use crate::on_hyper::classify::{Goaway, find, h2_failure};
use crate::policy::{Delivery, Failure};

const NO_ERROR: u32 = 0x0;
const INTERNAL_ERROR: u32 = 0x2;
const REFUSED_STREAM: u32 = 0x7;
const CANCEL: u32 = 0x8;
const ENHANCE_YOUR_CALM: u32 = 0xb;
/// What a server that shuts down gently says first: no stream is refused yet.
const EVERY_STREAM: u32 = 0x7fff_ffff;

/// What a request ends with, when the server has read it whole and then does `then`.
async fn ended(
    request: Request<Body>,
    peer: Peer,
    then: impl AsyncFnOnce(H2Peer, u32),
) -> TransportError {
    let transport = h2_transport();
    let server = async {
        let mut h2 = H2Peer::accept(&peer, &[]).await;
        let stream = h2.request().await;
        then(h2, stream).await;
    };
    let (result, ()) = tokio::join!(send(&transport, request), server);
    result.expect_err("no response head")
}

async fn post_ended(then: impl AsyncFnOnce(H2Peer, u32)) -> Failure {
    let peer = Peer::new().await;
    let request = request(Method::POST, &peer.url("http"), "payment");
    ended(request, peer, then).await.failure()
}

async fn empty_ended(method: Method, then: impl AsyncFnOnce(H2Peer, u32)) -> Failure {
    let peer = Peer::new().await;
    let request = request(method, &peer.url("http"), ());
    ended(request, peer, then).await.failure()
}

#[tokio::test]
async fn a_refused_stream_was_not_processed() {
    let failure = post_ended(async |mut h2, stream| h2.reset(stream, REFUSED_STREAM).await).await;

    assert_eq!(failure, Failure::Unsent);
    assert_eq!(failure.delivery(), Delivery::NotSent);
}

#[tokio::test]
async fn a_stream_that_is_reset_with_another_code_may_have_been_processed() {
    for code in [NO_ERROR, INTERNAL_ERROR, CANCEL, 0xfeed] {
        let failure = post_ended(async |mut h2, stream| h2.reset(stream, code).await).await;
        assert_eq!(failure, Failure::Stream(code));
        assert_eq!(failure.delivery(), Delivery::Unknown);
    }
}

#[tokio::test]
async fn a_call_for_calm_is_permanent() {
    let calm = async |mut h2: H2Peer, stream| h2.reset(stream, ENHANCE_YOUR_CALM).await;
    let failure = post_ended(calm).await;

    assert_eq!(failure, Failure::Stream(11));
    assert!(failure.is_permanent());
}

#[tokio::test]
async fn a_stream_above_the_last_one_of_goaway_was_not_processed() {
    for code in [NO_ERROR, ENHANCE_YOUR_CALM] {
        let failure = post_ended(async |mut h2, stream| h2.go_away(stream - 1, code).await).await;
        assert_eq!(failure, Failure::Unsent);
        assert_eq!(failure.delivery(), Delivery::NotSent);
    }
}

#[tokio::test]
async fn the_same_goaway_is_no_proof_when_the_body_was_never_polled() {
    let peer = Peer::new().await;
    let request = request(Method::POST, &peer.url("http"), "payment");
    let refuse = async |mut h2: H2Peer, stream| h2.go_away(stream - 1, NO_ERROR).await;
    let error = ended(request, peer, refuse).await;
    let error = find::<h2::Error>(&error).expect("an h2 error");

    assert_eq!(h2_failure(error, Goaway::Unsent), Failure::Unsent);
    assert_eq!(
        h2_failure(error, Goaway::Unknown).delivery(),
        Delivery::Unknown
    );
}

#[tokio::test]
async fn goaway_proves_the_same_for_requests_without_a_body() {
    for method in [Method::POST, Method::PATCH, Method::GET, Method::DELETE] {
        let refuse = async |mut h2: H2Peer, stream| h2.go_away(stream - 1, NO_ERROR).await;
        assert_eq!(empty_ended(method, refuse).await, Failure::Unsent);
    }
}

#[tokio::test]
async fn a_stream_at_or_below_the_last_one_of_goaway_may_have_been_processed() {
    // The dangerous one: GOAWAY came, and yet this request was read and may have been paid.
    for last in [1, 3, EVERY_STREAM] {
        for code in [NO_ERROR, INTERNAL_ERROR, ENHANCE_YOUR_CALM] {
            let failure = post_ended(async |mut h2, _| h2.go_away(last, code).await).await;
            assert_eq!(
                failure.delivery(),
                Delivery::Unknown,
                "last {last}, code {code}"
            );
            assert_eq!(failure, Failure::Reset, "last {last}, code {code}");
        }
    }
}

#[tokio::test]
async fn an_answer_after_goaway_still_counts() {
    let peer = Peer::new().await;
    let (transport, url) = (h2_transport(), peer.url("http"));
    let server = async {
        let mut h2 = H2Peer::accept(&peer, &[]).await;
        let stream = h2.request().await;
        h2.go_away(EVERY_STREAM, NO_ERROR).await;
        h2.answer(stream).await;
    };
    let (result, ()) = tokio::join!(post(&transport, &url), server);
    assert_eq!(result.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_second_goaway_can_refuse_what_the_first_one_had_left_open() {
    let twice = async |mut h2: H2Peer, stream| {
        h2.go_away(EVERY_STREAM, NO_ERROR).await;
        h2.go_away(stream - 1, NO_ERROR).await;
    };
    assert_eq!(post_ended(twice).await, Failure::Unsent);
}

#[tokio::test]
async fn a_connection_that_is_lost_without_a_word() {
    for method in [Method::POST, Method::GET] {
        let failure = empty_ended(method, async |h2, _| drop(h2)).await;
        assert_eq!(failure, Failure::Reset);
        assert_eq!(failure.delivery(), Delivery::Unknown);
    }
}

#[tokio::test]
async fn a_server_that_breaks_the_protocol() {
    // DATA on a stream that was never opened.
    let failure = post_ended(async |mut h2, _| h2.send(0, 0, 9, b"?").await).await;

    assert_eq!(failure, Failure::Malformed);
    assert_eq!(failure.delivery(), Delivery::Unknown);
}

#[tokio::test]
async fn a_request_that_waits_for_a_free_stream_is_not_claimed_unsent_when_goaway_comes() {
    const MAX_CONCURRENT_STREAMS: u16 = 3;
    let peer = Peer::new().await;
    let (transport, url) = (h2_transport(), peer.url("http"));
    let server = async {
        let mut h2 = H2Peer::accept(&peer, &[(MAX_CONCURRENT_STREAMS, 1)]).await;
        let first = h2.request().await;
        h2.answer(first).await;
        // The limit is known from here on: the second request runs, and the third waits for it.
        let second = h2.request().await;
        h2.go_away(second, NO_ERROR).await;
        h2.answer(second).await;
        h2.rest().await
    };
    let client = async {
        post(&transport, &url).await.expect("an answer");
        let both = tokio::join!(post(&transport, &url), post(&transport, &url));
        drop(transport);
        both
    };
    let ((second, third), rest) = tokio::join!(client, server);

    assert_eq!(second.expect("an answer").status(), 200);
    let failure = third.expect_err("the connection is gone").failure();
    assert_eq!(failure, Failure::Other);
    assert!(rest.is_empty(), "it was never opened: {rest:?}");
}

#[tokio::test]
async fn a_ping_that_nobody_answers_ends_the_connection() {
    let peer = Peer::new().await;
    let ping = Duration::from_millis(20);
    let settings = Settings {
        http2_only: true,
        http2_ping_interval: ping,
        http2_ping_timeout: ping,
        ..settings()
    };
    let transport = Transport::new(&settings).expect("plain settings");
    let url = peer.url("http");
    let server = async {
        let mut h2 = H2Peer::accept(&peer, &[]).await;
        h2.request().await;
        // Reads everything and answers nothing, pings included.
        while h2.frame().await.is_some() {}
    };
    let (result, ()) = tokio::join!(post(&transport, &url), server);

    let failure = result.expect_err("a lost connection").failure();
    assert_eq!(failure, Failure::Reset);
    assert_eq!(failure.delivery(), Delivery::Unknown);
}

#[tokio::test]
async fn the_types_that_the_classification_reads_are_still_there() {
    // hyper calls its source types unstable. If this fails after an upgrade, every h2 failure has
    // become `Other`: safe, but blunt.
    let peer = Peer::new().await;
    let request = request(Method::POST, &peer.url("http"), "payment");
    let error = ended(request, peer, async |mut h2, stream| {
        h2.reset(stream, CANCEL).await;
    })
    .await;

    let pool = error.source().expect("the pool's error");
    let hyper = pool.source().expect("hyper's error");
    assert!(pool.is::<hyper_util::client::legacy::Error>(), "{pool:?}");
    assert!(hyper.is::<hyper::Error>(), "{hyper:?}");
    let h2 = hyper
        .source()
        .and_then(<dyn Error>::downcast_ref::<h2::Error>);
    assert_eq!(h2.and_then(h2::Error::reason), Some(h2::Reason::CANCEL));
}

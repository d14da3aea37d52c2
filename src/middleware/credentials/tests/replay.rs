//! After a 401: one renewal, one replay.

use http::Response;

use super::*;
use crate::body::OneShot;
use crate::policy::{Delivery, Failure, Progress};
use crate::{Body, BoxError, Deadline};

#[tokio::test(start_paused = true)]
async fn a_401_is_renewed_and_sent_again_once() {
    let upstream = Script::new([status(401)]);
    let vault = Vault::holding("a").then(Brings::Token("b"));
    let signed = Signed::new(&upstream, vault.clone());
    // Nothing was done, so that holds without a key too.
    assert_eq!(answered(&signed.send(post()).await), 200);
    assert_eq!(tokens(&upstream), ["a", "b"]);
    let seen = upstream.seen();
    assert_eq!(
        (&seen[1].method, &seen[1].body),
        (&seen[0].method, &seen[0].body)
    );
    assert_eq!(seen[1].open_bodies, 0, "the 401 is gone by then");
    assert_eq!(vault.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_401_is_returned() {
    let upstream = Script::new([status(401), status(401)]);
    let vault = Vault::holding("a").then(Brings::Token("b"));
    let signed = Signed::new(&upstream, vault.clone());
    assert_eq!(answered(&signed.send(put()).await), 401);
    assert_eq!(tokens(&upstream), ["a", "b"]);
    assert_eq!(vault.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_403_renews_nothing() {
    let upstream = Script::new([status(403)]);
    let vault = Vault::holding("a");
    assert_eq!(
        answered(&Signed::new(&upstream, vault.clone()).send(put()).await),
        403
    );
    assert_eq!((upstream.count(), vault.asked()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_same_credential_again_is_not_sent_again() {
    let upstream = Script::new([status(401)]);
    let vault = Vault::holding("a").then(Brings::Nothing);
    assert_eq!(
        answered(&Signed::new(&upstream, vault.clone()).send(put()).await),
        401
    );
    assert_eq!((upstream.count(), vault.asked()), (1, 1));

    let upstream = Script::new([status(401)]);
    let vault = Vault::holding("a").then(Brings::Token("a"));
    assert_eq!(
        answered(&Signed::new(&upstream, vault).send(put()).await),
        401
    );
    assert_eq!(upstream.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_that_the_source_has_changed_by_itself_needs_no_renewal() {
    let upstream = Script::new([status(401).after(secs(1))]);
    let vault = Vault::holding("a");
    let signed = Signed::new(&upstream, vault.clone());
    let call = signed.start(put()).await;
    vault.set("b");
    assert_eq!(answered(&call.await.unwrap()), 200);
    assert_eq!(tokens(&upstream), ["a", "b"]);
    assert_eq!(vault.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_or_panics_leaves_the_401() {
    for brings in [Brings::Failure, Brings::Panic] {
        let upstream = Script::new([status(401)]);
        let vault = Vault::holding("a").then(brings);
        let outcome = Signed::new(&upstream, vault).send(put()).await;
        assert_eq!(answered(&outcome), 401);
        assert_eq!(upstream.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_panics_is_said_and_one_that_brings_nothing_too() {
    for (brings, why) in [
        (Brings::Panic, "it has panicked"),
        (Brings::Nothing, "it has brought none yet"),
    ] {
        let log = Log::new();
        let is_panic = matches!(brings, Brings::Panic);
        let signed = Signed::new(&Script::new([]), Vault::default().then(brings));
        let error = signed.send(put()).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(format!("{error:?}").contains(why), "{error:?}");
        let told = log.count("credential not renewed");
        assert_eq!(told, usize::from(is_panic));
    }
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_never_changes_is_asked_for_no_other() {
    let log = Log::new();
    let upstream = Script::new([status(401)]);
    let signed = Signed::new(&upstream, bearer("a"));
    assert_eq!(answered(&signed.send(put()).await), 401);
    assert_eq!(tokens(&upstream), ["a"]);
    assert_eq!(log.text(), "");
}

#[tokio::test(start_paused = true)]
async fn a_tunnel_is_not_made_again() {
    let upstream = Script::new([status(401)]);
    let vault = Vault::holding("a");
    let tunnel = call(http::Method::CONNECT, URL, "");
    assert_eq!(
        answered(&Signed::new(&upstream, vault.clone()).send(tunnel).await),
        401
    );
    assert_eq!((upstream.count(), vault.asked()), (1, 0));
}

/// Reads so many frames of each request's body, and refuses it.
async fn refused<B>(mut request: http::Request<B>, frames: usize) -> Result<Response<()>, BoxError>
where
    B: http_body::Body + Unpin,
    B::Error: Into<BoxError>,
{
    use http_body_util::BodyExt;
    let token = request.headers()["authorization"].clone();
    for _ in 0..frames {
        let frame = request.body_mut().frame().await;
        frame.transpose().map_err(Into::into)?;
    }
    let mut response = Response::new(());
    if token == "Bearer a" {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
    }
    Ok(response)
}

async fn sends<B>(body: B, frames: usize) -> (StatusCode, usize)
where
    B: crate::body::Replay + http_body::Body + Unpin,
    B::Error: Into<BoxError>,
{
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let service = tower::service_fn(move |request| {
        count.fetch_add(1, SeqCst);
        refused(request, frames)
    });
    let vault = Vault::holding("a").then(Brings::Token("b"));
    let layer = CredentialsLayer::new(ORIGIN, vault).unwrap();
    let mut request = http::Request::new(body);
    *request.uri_mut() = URL.parse().unwrap();
    let outcome = layer.layer(service).oneshot(request).await;
    (outcome.unwrap().status(), sent.load(SeqCst))
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_was_kept_is_sent_again_and_one_that_is_gone_is_not() {
    let stream = || Pieces::new([Piece::Data("a"), Piece::Data("b")]);
    let again = (StatusCode::OK, 2);
    let once = (StatusCode::UNAUTHORIZED, 1);
    assert_eq!(sends(Body::stream(stream()), 2).await, again);
    assert_eq!(sends(Body::stream_with_limit(stream(), 1), 2).await, once);
    assert_eq!(sends(Body::stream_with_limit(stream(), 1), 1).await, again);
    assert_eq!(sends(Body::one_shot(stream()), 1).await, once);
    assert_eq!(sends(Body::one_shot(stream()), 0).await, again);
    assert_eq!(sends(OneShot(Body::from("ab")), 0).await, once);
}

#[tokio::test(start_paused = true)]
async fn past_the_deadline_the_401_is_returned() {
    for (deadline, renewal, expected) in [(5, 4, 200), (5, 5, 401), (5, 60, 401)] {
        let upstream = Script::new([status(401)]);
        let source = Vault::holding("a").then_after(secs(renewal), Brings::Token("b"));
        let start = clock::now();
        let request = with_extension(put(), Deadline::at(start + secs(deadline)));
        let outcome = Signed::new(&upstream, source).send(request).await;
        assert_eq!(answered(&outcome), expected);
        assert_eq!(clock::now() - start, secs(renewal.min(deadline)));
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_itself_nothing_is_sent_again() {
    let upstream = Script::new([status(401).after(secs(5))]);
    let vault = Vault::holding("a");
    let signed = Signed::new(&upstream, vault.clone());
    let request = with_extension(put(), Deadline::at(clock::now() + secs(5)));
    let call = signed.start(request).await;
    vault.set("b");
    assert_eq!(answered(&call.await.unwrap()), 401);
    assert_eq!(upstream.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_read_on_meanwhile_is_not_sent_again() {
    use http_body_util::BodyExt;
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let service = tower::service_fn(move |request: http::Request<Body>| {
        count.fetch_add(1, SeqCst);
        // A connection goes on sending after the answer has come.
        tokio::spawn(async move {
            pass(secs(1)).await;
            request.into_body().collect().await
        });
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        std::future::ready(Ok::<_, BoxError>(response))
    });
    let vault = Vault::holding("a").then_after(secs(2), Brings::Token("b"));
    let layer = CredentialsLayer::new(ORIGIN, vault).unwrap();
    let pieces = Pieces::new([Piece::Data("a"), Piece::Data("b")]);
    let mut request = http::Request::new(Body::stream_with_limit(pieces, 1));
    *request.uri_mut() = URL.parse().unwrap();
    let answer = layer.layer(service).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(sent.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_replay_that_was_never_sent_does_not_hide_the_401() {
    let unsent = crate::Error::unsent(Failure::AttemptTimeout(Progress::Unsent));
    let upstream = Script::new([status(401), Step::Fail(unsent.into())]);
    let vault = Vault::holding("a").then(Brings::Token("b"));
    let error = Signed::new(&upstream, vault).send(post()).await;
    let error = error.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Rejected);
    assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_breaks_before_the_replay_does_not_hide_the_401() {
    let upstream = Script::new([status(401).header("x-request-id", "17")]);
    upstream.block(1, Blocked::Failing);
    let vault = Vault::holding("a").then(Brings::Token("b"));
    let error = Signed::new(&upstream, vault)
        .send(post())
        .await
        .unwrap_err();
    assert_eq!(error.delivery(), Delivery::Rejected);
    assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED));
    assert_eq!(error.headers().unwrap()["x-request-id"], "17");
}

#[tokio::test(start_paused = true)]
async fn what_becomes_of_the_replay_is_what_became_of_the_attempt() {
    let upstream = Script::new([status(401), failure(Failure::Reset)]);
    let vault = Vault::holding("a").then(Brings::Token("b"));
    let error = Signed::new(&upstream, vault)
        .send(post())
        .await
        .unwrap_err();
    assert_eq!(error.failure(), Some(Failure::Reset));
    assert_eq!(error.delivery(), Delivery::Unknown);
}

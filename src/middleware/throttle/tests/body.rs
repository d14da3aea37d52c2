//! Until when a body holds the place of its attempt.

use http_body::Body;
use http_body_util::BodyExt;

use super::*;

/// A response from a stack of one place, and whether that place is taken.
struct Held {
    response: Response<ThrottledBody<Tracked>>,
    upstreams: Upstreams,
}

impl Held {
    async fn with(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let upstream = Script::new([status(200).body(pieces)]);
        let (upstreams, service) = whole(at_most(1), &upstream);
        Self {
            response: service.oneshot(get()).await.unwrap(),
            upstreams,
        }
    }

    fn is_free(&self) -> bool {
        is_free(&self.upstreams)
    }
}

fn is_free(upstreams: &Upstreams) -> bool {
    let upstream = upstreams.find(&get());
    let places = upstream.concurrency().unwrap();
    places.try_take(crate::Priority::Foreground).is_some()
}

#[tokio::test(start_paused = true)]
async fn it_is_held_while_the_body_is_read_and_given_back_at_its_end() {
    let mut held = Held::with([Piece::Data("a"), Piece::Data("b"), Piece::Trailers]).await;
    for _ in 0..3 {
        assert!(!held.is_free());
        held.response.frame().await.unwrap().unwrap();
    }
    assert!(held.response.frame().await.is_none());
    assert!(held.is_free(), "though the response is still there");
}

#[tokio::test(start_paused = true)]
async fn it_is_given_back_when_the_body_breaks() {
    let mut held = Held::with([Piece::Data("a"), Piece::Break, Piece::Hang]).await;
    held.response.frame().await.unwrap().unwrap();
    assert!(!held.is_free());
    assert!(held.response.frame().await.unwrap().is_err());
    assert!(held.is_free());
}

#[tokio::test(start_paused = true)]
async fn it_is_given_back_when_the_body_is_dropped_unread() {
    let held = Held::with([Piece::Data("a"), Piece::Hang]).await;
    let Held {
        response,
        upstreams,
    } = held;
    assert!(!is_free(&upstreams));
    drop(response);
    assert!(is_free(&upstreams));
}

#[tokio::test(start_paused = true)]
async fn it_is_given_back_with_the_inner_body() {
    let held = Held::with([Piece::Hang]).await;
    let _inner = held.response.into_body().into_inner();
    assert!(is_free(&held.upstreams));
}

/// A body that knows its end and its length, in a stack of one place.
async fn known(
    text: &'static str,
) -> (Upstreams, ThrottledBody<http_body_util::Full<bytes::Bytes>>) {
    let upstreams = Upstreams::new(at_most(1).build().unwrap());
    let upstream = tower::service_fn(move |_: Call| async move {
        let body = http_body_util::Full::new(bytes::Bytes::from_static(text.as_bytes()));
        Ok::<_, BoxError>(Response::new(body))
    });
    let layer = ThrottleLayer::new(upstreams.clone());
    let response = layer.layer(upstream).oneshot(get()).await.unwrap();
    (upstreams, response.into_body())
}

#[tokio::test]
async fn a_body_that_knows_its_last_frame_gives_it_back_with_that() {
    let (upstreams, body) = known("paid").await;
    assert_eq!(body.size_hint().exact(), Some(4));
    assert!(!body.is_end_stream());
    let mut body = body.released_if_empty();
    assert!(!is_free(&upstreams));
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "paid"
    );
    assert!(is_free(&upstreams) && body.is_end_stream());
}

#[tokio::test]
async fn an_empty_body_need_not_be_read() {
    let (upstreams, body) = known("").await;
    assert!(body.is_end_stream());
    let _body = body.released_if_empty();
    assert!(is_free(&upstreams));
}

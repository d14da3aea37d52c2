//! The upstreams that are kept at hand, and the map that has room for so many.

use std::convert::Infallible;
use std::future::{Ready, ready};

use http::{Request, Response};
use http_body_util::Full;
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;
use tracing::subscriber::NoSubscriber;

use super::*;
use crate::{ResilienceLayer, Upstreams};

fn answer(_: Call) -> Ready<Result<Response<Full<bytes::Bytes>>, Infallible>> {
    ready(Ok(Response::new(Full::default())))
}

#[tokio::test(start_paused = true)]
async fn the_upstream_that_is_at_hand_makes_room_for_another_at_once() {
    let _unseen = tracing::subscriber::set_default(NoSubscriber::default());
    let upstreams = Upstreams::bounded(Policy::internal(), 1);
    let layer = ResilienceLayer::over(upstreams.clone());
    for host in ["first", "second", "first"] {
        let uri = format!("https://{host}.example/");
        let request = Request::get(&uri).body(Full::default()).unwrap();
        layer
            .layer(service_fn(answer))
            .oneshot(request)
            .await
            .unwrap();
        assert!(upstreams.overflow().is_none(), "{host}");
        let snapshots = upstreams.control().snapshots();
        assert_eq!(snapshots[0].upstream, format!("https://{host}.example:443"));
    }
}

//! What is kept at hand goes with whoever keeps it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Weak};
use std::thread;

use http::{Request, Response};
use http_body_util::Full;
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;
use tracing::subscriber::NoSubscriber;

use super::*;
use crate::upstream::Upstream;
use crate::{CircuitLayer, ResilienceLayer, Upstreams};

type Asked = Request<Full<bytes::Bytes>>;

fn answer(_: Asked) -> Ready<Result<Response<Full<bytes::Bytes>>, Infallible>> {
    ready(Ok(Response::new(Full::default())))
}

fn request(host: usize) -> Asked {
    let uri = format!("https://host-{host}.example/");
    Request::get(uri).body(Full::default()).unwrap()
}

/// Calls so many hosts by each of these layers, on a thread of its own.
fn call_from_a_thread(layers: &[ResilienceLayer], alone: &CircuitLayer, hosts: usize) {
    thread::scope(|scope| {
        scope.spawn(|| {
            let _unseen = tracing::subscriber::set_default(NoSubscriber::default());
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                for _ in 0..3 {
                    for host in 0..hosts {
                        for layer in layers {
                            let service = layer.layer(service_fn(answer));
                            drop(service.oneshot(request(host)).await.unwrap());
                        }
                        let service = alone.layer(service_fn(answer));
                        drop(service.oneshot(request(host)).await.unwrap());
                    }
                }
            });
        });
    });
}

fn weak(upstreams: &Upstreams) -> Vec<Weak<Upstream>> {
    let mut all = Vec::new();
    upstreams.visit(|upstream| all.push(Arc::downgrade(upstream)));
    all
}

#[test]
fn with_the_last_layer_all_that_was_at_hand_goes() {
    let upstreams = Upstreams::bounded(Policy::internal(), 32);
    let layers = [0, 1].map(|_| ResilienceLayer::over(upstreams.clone()));
    let alone = CircuitLayer::new(upstreams.clone());
    for _ in 0..3 {
        call_from_a_thread(&layers, &alone, 20);
    }
    let (watched, all) = (upstreams.downgrade(), weak(&upstreams));
    assert_eq!(all.len(), 20);
    drop((upstreams, alone));
    let [one, other] = layers;
    drop(one);
    assert!(watched.upgrade().is_some());
    drop(other);
    assert!(watched.upgrade().is_none());
    assert!(all.iter().all(|upstream| upstream.strong_count() == 0));
}

#[test]
fn of_an_upstream_at_hand_of_many_layers_and_threads_the_place_can_be_had() {
    for capacity in [1, 3] {
        let upstreams = Upstreams::bounded(Policy::internal(), capacity);
        let layers = [0, 1].map(|_| ResilienceLayer::over(upstreams.clone()));
        let alone = CircuitLayer::new(upstreams.clone());
        for _ in 0..3 {
            call_from_a_thread(&layers, &alone, capacity);
        }
        let all = weak(&upstreams);
        for host in 100..200 {
            let found = upstreams.find(&request(host));
            assert!(!upstreams.is_overflow(&found), "{capacity} {host}");
        }
        // The map frees them when it gets round to it.
        let left = all.iter().filter(|one| one.strong_count() > 1).count();
        assert_eq!(left, 0);
        assert_eq!(weak(&upstreams).len(), capacity);
    }
}

#[test]
fn threads_that_contend_leave_nothing_stuck() {
    for capacity in [1, 2, 5] {
        let upstreams = Upstreams::bounded(Policy::internal(), capacity);
        let layers = [0, 1].map(|_| ResilienceLayer::over(upstreams.clone()));
        let alone = CircuitLayer::new(upstreams.clone());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| call_from_a_thread(&layers, &alone, 40));
            }
        });
        for host in 100..110 {
            let found = upstreams.find(&request(host));
            assert!(!upstreams.is_overflow(&found), "{capacity} {host}");
        }
        let watched = upstreams.downgrade();
        drop((upstreams, alone, layers));
        assert!(watched.upgrade().is_none());
    }
}

#[test]
fn however_many_have_it_at_hand_an_upstream_is_shown_once() {
    let layer = ResilienceLayer::new(Policy::internal());
    let alone = CircuitLayer::new(layer.upstreams().clone());
    for _ in 0..3 {
        call_from_a_thread(std::slice::from_ref(&layer), &alone, 8);
    }
    let shown = format!("{layer:?}");
    assert_eq!(shown.matches("Upstream {").count(), 8, "{shown}");
    assert!(
        shown.matches("https://host-0.example,").count() > 1,
        "{shown}"
    );
}

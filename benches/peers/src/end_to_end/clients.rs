//! The clients, each over a pool of its own.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use ::tower::Service;
use http::{Method, Request};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use reqwest_middleware::ClientBuilder;
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use tokio::runtime::Runtime;

use super::REQUESTS;
use crate::peers::{seawall, tower, tower_resilience};
use crate::request::{Body, template_to};

const AT_ONCE: u32 = 64;

/// A client, and a round of its requests.
pub(super) struct Contestant {
    pub(super) name: &'static str,
    pub(super) round: Box<dyn FnMut(&Runtime)>,
}

/// Every client; the bare one first, and once more.
pub(super) fn all(runtime: &Runtime, address: SocketAddr) -> Vec<Contestant> {
    // Pools ask for a runtime when they are made.
    let _entered = runtime.enter();
    let url = format!("http://{address}/payments");
    let template = template_to(&Method::POST, &url);
    let payments = seawall::payments;
    vec![
        over("bare hyper-util", hyper(), &template),
        over("bare hyper-util again", hyper(), &template),
        over("tower over hyper-util", tower::stack(hyper()), &template),
        over(
            "tower-resilience over hyper-util",
            tower_resilience::stack(hyper()),
            &template,
        ),
        over(
            "seawall's layer over hyper-util",
            seawall::stack(payments(), hyper()),
            &template,
        ),
        seawall_client(&template),
        reqwest_retry(&template),
    ]
}

fn hyper() -> Client<HttpConnector, Body> {
    Client::builder(TokioExecutor::new()).build_http()
}

/// A service of requests, called from many tasks.
fn over<S, C>(name: &'static str, service: S, template: &Request<Body>) -> Contestant
where
    S: Service<Request<Body>, Response = http::Response<C>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    C: hyper::body::Body + Send + 'static,
    C::Data: Send,
{
    let template = template.clone();
    contestant(name, move || {
        let (mut service, request) = (service.clone(), template.clone());
        async move {
            let answer = tower::call(&mut service, request).await;
            let body = answer.ok().expect("the server answers").into_body();
            assert!(body.collect().await.is_ok(), "the body arrives");
        }
    })
}

fn seawall_client(template: &Request<Body>) -> Contestant {
    let client = ::seawall::Client::builder(seawall::payments());
    let client = client.build().expect("a client can be made");
    // The same bytes, which each clone shares too.
    let template = template
        .clone()
        .map(|_| bytes::Bytes::copy_from_slice(&[b'x'; 64]));
    contestant("seawall::Client", move || {
        let (client, request) = (client.clone(), template.clone());
        async move {
            let request = request.map(::seawall::Body::from);
            let answer = client.execute(request).await.expect("the server answers");
            answer.bytes().await.expect("the body arrives");
        }
    })
}

fn reqwest_retry(template: &Request<Body>) -> Contestant {
    let policy = ExponentialBackoff::builder().build_with_max_retries(3);
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(90))
        .build()
        .expect("a client can be made");
    let client = ClientBuilder::new(client)
        .with(RetryTransientMiddleware::new_with_policy(policy))
        .build();
    let (url, headers) = (template.uri().to_string(), template.headers().clone());
    let body = bytes::Bytes::from_static(&[b'x'; 64]);
    contestant("reqwest + reqwest-retry", move || {
        let request = client
            .post(&url)
            .headers(headers.clone())
            .body(body.clone());
        async move {
            let answer = request.send().await.expect("the server answers");
            answer.bytes().await.expect("the body arrives");
        }
    })
}

fn contestant<F, T>(name: &'static str, call: F) -> Contestant
where
    F: Fn() -> T + Clone + Send + 'static,
    T: Future<Output = ()> + Send,
{
    let round = move |runtime: &Runtime| {
        let tasks: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let call = call.clone();
                runtime.spawn(async move {
                    for _ in 0..REQUESTS / AT_ONCE {
                        call().await;
                    }
                })
            })
            .collect();
        runtime.block_on(async {
            for task in tasks {
                task.await.expect("no task panics");
            }
        });
    };
    let round = Box::new(round);
    Contestant { name, round }
}

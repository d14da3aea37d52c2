//! What a transport of this crate is told of an attempt, and what it proves.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;

use super::*;
use crate::middleware::extensions::Attempt;
use crate::policy::Progress;
use crate::{Body, Deadline, ResilienceLayer, clock};

fn request() -> Request<Body> {
    Request::put(URL).body(Body::from("s3cret-body")).unwrap()
}

#[tokio::test(start_paused = true)]
async fn either_way_it_knows_the_end_of_its_attempt_and_proves_that_nothing_was_sent() {
    let nobody = tracing::subscriber::NoSubscriber::default();
    let _unseen = tracing::subscriber::set_default(nobody);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let transport = service_fn(move |mut request: Request<Body>| {
        let now = clock::now();
        let deadline = Deadline::of(&request);
        let deadline = deadline.map(|deadline| deadline.instant() - now);
        let attempt = request.extensions_mut().remove::<Attempt>().unwrap();
        tell.lock().unwrap().push((deadline, attempt.ends - now));
        let gate = attempt.gate;
        async move {
            // No connection ever asks for it.
            let _armed = gate.arm(request.into_body());
            std::future::pending::<Result<Response<()>, Infallible>>().await
        }
    });
    let policy = Policy::internal().to_builder().max_attempts(1);
    let layer = ResilienceLayer::new(policy.build().unwrap());
    let express = layer.layer(transport.clone()).oneshot(request()).await;
    let whole = layer.stack().whole(transport).oneshot(request()).await;
    for failure in [express.unwrap_err().failure(), whole.unwrap_err().failure()] {
        assert_eq!(failure, Some(Failure::AttemptTimeout(Progress::Unsent)));
    }
    let both = (Some(secs(3)), secs(1));
    assert_eq!(*told.lock().unwrap(), [both; 2]);
}

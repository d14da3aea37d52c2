//! What a request of tonic becomes.

use tower::Layer;

use super::*;
use crate::middleware::extensions::DeclaredIdempotent;
use crate::{Credential, CredentialsLayer, Policy, ResilienceLayer, UpstreamName, Upstreams};

/// What a channel below the stack sees of a request, whose head is as it came to it.
async fn seen(layer: &GrpcLayer, request: Request<tonic::body::Body>) -> http::request::Parts {
    let saw = Arc::new(Mutex::new(None));
    let see = Arc::clone(&saw);
    let channel = service_fn(move |request: Request<tonic::body::Body>| {
        *see.lock().unwrap() = Some(request.into_parts().0);
        async { Ok::<_, Infallible>(answer([data(0, "one")])) }
    });
    let mut service = layer.layer(channel);
    let service = service.ready().await.unwrap();
    service.call(request).await.unwrap();
    saw.lock().unwrap().take().unwrap()
}

fn layer() -> GrpcLayer {
    GrpcLayer::new(Policy::internal(), "https://ledger.test:8443").unwrap()
}

fn to(uri: &str) -> Request<tonic::body::Body> {
    Request::post(uri).body(tonic::body::Body::empty()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_layers_origin_is_put_before_the_path() {
    for uri in ["/l.L/Get", "http://elsewhere.test/l.L/Get"] {
        let head = seen(&layer(), to(uri)).await;
        assert_eq!(head.uri, "https://ledger.test:8443/l.L/Get");
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_declared_method_is_marked_whatever_the_request_brings() {
    let layer = layer().idempotent(["/l.L/Get"]).unwrap();
    let layer = layer.idempotent(["/l.L/List"]).unwrap();
    for (path, marked) in [("/l.L/Get", true), ("/l.L/List", true), ("/l.L/Pay", false)] {
        let mut request = to(path);
        request.extensions_mut().insert(DeclaredIdempotent);
        let head = seen(&layer, request).await;
        let found = head.extensions.get::<DeclaredIdempotent>().is_some();
        assert_eq!(found, marked, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_tightest_of_the_callers_limits_holds() {
    let told = async |timeout: Option<&'static str>, deadline: Option<u64>| {
        let mut request = to("/l.L/Get");
        if let Some(timeout) = timeout {
            request
                .headers_mut()
                .insert("grpc-timeout", timeout.parse().unwrap());
        }
        if let Some(deadline) = deadline {
            let deadline = Deadline::at(clock::now() + millis(deadline));
            request.extensions_mut().insert(deadline);
        }
        let start = clock::now();
        let head = seen(&layer(), request).await;
        let sent = Request::from_parts(head, ());
        Deadline::of(&sent).unwrap().instant() - start
    };
    assert_eq!(told(Some("200m"), None).await, millis(200));
    assert_eq!(told(Some("200m"), Some(100)).await, millis(100));
    assert_eq!(told(Some("200m"), Some(300)).await, millis(200));
    // Of the policy.
    assert_eq!(told(Some("1H"), None).await, Duration::from_secs(3));
    assert_eq!(told(Some("soon"), None).await, Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn below_a_stack_of_ones_own_the_server_is_told_of_its_time_from_the_first_attempt_on() {
    // Where spans are seen no attempt goes straight to its transport.
    let nobody = tracing::subscriber::NoSubscriber::default();
    let _unseen = tracing::subscriber::set_default(nobody);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let channel = service_fn(move |request: Request<tonic::body::Body>| {
        let timeout = request.headers().get("grpc-timeout").cloned();
        tell.lock().unwrap().push(timeout);
        async { Err::<Response<tonic::body::Body>, _>(tonic::Status::unavailable("scripted")) }
    });
    let stack = ResilienceLayer::new(Policy::internal()).layer(GrpcTransport::new(channel));
    let request = Request::put("https://ledger.test/l.L/Get").body(Body::from("one"));
    let _ = stack.oneshot(request.unwrap()).await;
    let told = told.lock().unwrap();
    assert!(told.len() > 1);
    for timeout in &*told {
        assert_eq!(timeout.as_ref().unwrap(), "1000000u");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_caller_brings_reaches_the_stack() {
    let upstreams = Upstreams::new(Policy::internal());
    let layer = GrpcLayer::over(upstreams.clone(), "https://ledger.test").unwrap();
    let mut request = to("/l.L/Get");
    request
        .extensions_mut()
        .insert(UpstreamName::new("reports"));
    seen(&layer, request).await;
    let named = upstreams.control().snapshots().pop().unwrap().upstream;
    assert_eq!(named, "https://ledger.test:443#reports");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_called_what_it_is_for_the_policy() {
    for (policy, code) in [
        (Policy::external(), "upstream_outcome_unknown"),
        (
            Policy::external_payments(crate::Provider::none()),
            "payment_outcome_unknown",
        ),
    ] {
        let layer = GrpcLayer::new(policy, "https://ledger.test").unwrap();
        let channel = service_fn(|_: Request<tonic::body::Body>| async {
            let fields = [("grpc-status", "14"), ("x-why", "maintenance")];
            Ok::<_, Infallible>(answer([trailers(0, &fields)]))
        });
        let status = layer.layer(channel).oneshot(to("/l.L/Pay")).await;
        let status = status.map(|_| ()).unwrap_err();
        let error = error_in(&status).unwrap();
        assert_eq!(error.code(), code);
        assert_eq!(error.headers().unwrap()["x-why"], "maintenance");
        assert_eq!(error.status(), Some(http::StatusCode::OK));
    }
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_its_credential() {
    let credential = Credential::bearer("s3cret").unwrap();
    let credentials = CredentialsLayer::new("https://ledger.test:8443", credential).unwrap();
    let head = seen(&layer().with_credentials(credentials), to("/l.L/Get")).await;
    assert_eq!(head.headers["authorization"], "Bearer s3cret");
}

#[test]
fn what_is_no_origin_is_refused_with_the_fix() {
    for text in [
        "",
        "ledger.test",
        "/l.L",
        "https://ledger.test/v1",
        "https://l.test#a",
    ] {
        let error = GrpcLayer::new(Policy::internal(), text).unwrap_err();
        assert!(error.is_config());
        let said = error.to_string();
        assert!(
            said.contains(&format!("`{text}`")) && said.contains("https://"),
            "{said}"
        );
    }
    let secret = GrpcLayer::new(Policy::internal(), "https://me:s3cret@l.test").unwrap_err();
    assert!(!secret.to_string().contains("s3cret"), "{secret}");
}

#[test]
fn what_is_no_method_is_refused_with_the_fix() {
    for method in [
        "",
        "Get",
        "/Get",
        "l.L/Get",
        "/l.L/",
        "//Get",
        "/a/b/c",
        "/l.L/Get ",
    ] {
        let error = layer().idempotent([method]).unwrap_err();
        let said = error.to_string();
        assert!(said.contains("`/package.Service/Method`"), "{said}");
    }
}

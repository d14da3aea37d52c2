//! What is sent, and what becomes of the answer.

use super::*;

/// What a channel that answers so makes of this request.
async fn sent(
    request: Request<Body>,
    response: Response<tonic::body::Body>,
) -> Result<Response<GrpcBody>, Error> {
    let response = Arc::new(Mutex::new(Some(response)));
    let channel = service_fn(move |_: Request<tonic::body::Body>| {
        let response = response.lock().unwrap().take();
        async move { Ok::<_, Infallible>(response.expect("one request")) }
    });
    GrpcTransport::new(channel).oneshot(request).await
}

fn request() -> Request<Body> {
    Request::post("http://ledger.test/l.L/Get")
        .body(Body::from("message"))
        .unwrap()
}

async fn text(response: Response<GrpcBody>) -> String {
    let body = response.into_body().collect().await.unwrap();
    String::from_utf8(body.to_bytes().to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_first_message_settles_it_and_is_put_back() {
    let pieces = [data(0, ""), data(99, "one"), data(5_000, "two")];
    let start = clock::now();
    let response = sent(request(), answer(pieces)).await.unwrap();
    assert_eq!(clock::now() - start, millis(99));
    assert!(!http_body::Body::is_end_stream(response.body()));
    assert_eq!(http_body::Body::size_hint(response.body()).exact(), Some(6));
    assert_eq!(text(response).await, "onetwo");

    let response = sent(request(), answer([data(0, "one")])).await.unwrap();
    assert!(!http_body::Body::is_end_stream(response.body()));
    assert_eq!(text(response).await, "one");
}

#[tokio::test(start_paused = true)]
async fn trailers_that_come_first_are_the_head() {
    let fields = [
        ("grpc-status", "5"),
        ("x-b", "new"),
        ("content-type", "text/plain"),
    ];
    let mut answer = answer([trailers(99, &fields)]);
    answer.headers_mut().insert("x-a", "old".parse().unwrap());
    let response = sent(request(), answer).await.unwrap();
    let headers = response.headers();
    assert_eq!(headers["grpc-status"], "5");
    assert_eq!(
        (&headers["x-a"], &headers["x-b"]),
        (&"old".parse().unwrap(), &"new".parse().unwrap())
    );
    assert_eq!(headers["content-type"], "application/grpc+proto");
    assert!(http_body::Body::is_end_stream(response.body()));
    assert_eq!(http_body::Body::size_hint(response.body()).exact(), Some(0));
    assert_eq!(text(response).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_silent_answer_is_handed_on_after_a_tenth_of_a_second() {
    let start = clock::now();
    let late = [trailers(101, &[("grpc-status", "14")])];
    let response = sent(request(), answer(late)).await.unwrap();
    assert_eq!(clock::now() - start, millis(100));
    assert!(!response.headers().contains_key("grpc-status"));
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["grpc-status"], "14");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_settled_is_not_held_back() {
    let start = clock::now();
    let mut settled = answer([trailers(5_000, &[("grpc-status", "0")])]);
    settled
        .headers_mut()
        .insert("grpc-status", "0".parse().unwrap());
    assert!(sent(request(), settled).await.is_ok());
    let mut refused = answer([data(5_000, "late")]);
    *refused.status_mut() = http::StatusCode::BAD_GATEWAY;
    assert_eq!(sent(request(), refused).await.unwrap().status(), 502);
    let mut page = answer([data(5_000, "<html>")]);
    *page.status_mut() = http::StatusCode::BAD_GATEWAY;
    page.headers_mut().remove("content-type");
    assert_eq!(sent(request(), page).await.unwrap().status(), 502);
    assert_eq!(clock::now(), start);
}

fn until(ends: Instant) -> Attempt {
    Attempt {
        ends,
        deadline: None,
        gate: SendGate::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_attempt_comes_before_the_wait() {
    let mut request = request();
    let ends = clock::now() + millis(30);
    request.extensions_mut().insert(until(ends));
    assert!(sent(request, answer([data(5_000, "late")])).await.is_ok());
    assert_eq!(clock::now(), ends);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_whole_answer_of_grpc_is_a_failure() {
    let failure = async |answer| sent(request(), answer).await.unwrap_err().failure();
    let mut page = answer([data(0, "<html>")]);
    page.headers_mut()
        .insert("content-type", "text/html".parse().unwrap());
    page.headers_mut()
        .insert("grpc-status", "14".parse().unwrap());
    assert_eq!(failure(page).await, Some(Failure::Malformed));
    assert_eq!(failure(answer([])).await, Some(Failure::Incomplete));
    let other = [trailers(0, &[("x-other", "field")])];
    assert_eq!(failure(answer(other)).await, Some(Failure::Incomplete));
    let broken = [(0, Err(tonic::Status::unavailable("reset")))];
    assert_eq!(failure(answer(broken)).await, Some(Failure::BrokenBody));
    let mut empty = answer([]);
    *empty.body_mut() = tonic::body::Body::empty();
    assert_eq!(failure(empty).await, Some(Failure::Incomplete));
}

/// What the channel is told of the time, if it is asked at all.
async fn told(request: Request<Body>) -> Result<Option<String>, Error> {
    let told = Arc::new(Mutex::new(None));
    let saw = Arc::clone(&told);
    let channel = service_fn(move |request: Request<tonic::body::Body>| {
        let header = request.headers().get("grpc-timeout");
        *saw.lock().unwrap() = header.map(|value| value.to_str().unwrap().to_owned());
        async { Ok::<_, Infallible>(answer([data(0, "one")])) }
    });
    GrpcTransport::new(channel).oneshot(request).await?;
    Ok(told.lock().unwrap().take())
}

#[tokio::test(start_paused = true)]
async fn the_server_is_told_the_tightest_of_all_limits() {
    let limited = |deadline, ends, own: Option<&'static str>| {
        let mut request = request();
        let extensions = request.extensions_mut();
        extensions.insert(Deadline::at(clock::now() + millis(deadline)));
        extensions.insert(until(clock::now() + millis(ends)));
        if let Some(own) = own {
            request
                .headers_mut()
                .insert("grpc-timeout", own.parse().unwrap());
        }
        request
    };
    for (request, expected) in [
        (limited(900, 300, None), "300000u"),
        (limited(300, 900, None), "300000u"),
        (limited(900, 300, Some("200m")), "200m"),
        (limited(900, 300, Some("5S")), "300000u"),
        (limited(900, 300, Some("soon")), "300000u"),
    ] {
        assert_eq!(told(request).await.unwrap().unwrap(), expected);
    }
    assert_eq!(told(request()).await.unwrap(), None);
    // No time is left, so nothing is sent.
    let error = told(limited(0, 300, None)).await.unwrap_err();
    assert_eq!(error.failure(), Some(Failure::Deadline(Progress::Unsent)));
    let error = told(limited(900, 0, None)).await.unwrap_err();
    assert_eq!(
        error.failure(),
        Some(Failure::AttemptTimeout(Progress::Unsent))
    );
}

/// How an attempt ends whose channel has lost patience after 300 ms.
async fn impatient(request: Request<Body>) -> Option<Failure> {
    let channel = service_fn(|_: Request<tonic::body::Body>| async {
        pass(millis(300)).await;
        Err::<Response<tonic::body::Body>, _>(BoxError::from(tonic::TimeoutExpired(())))
    });
    let error = GrpcTransport::new(channel).oneshot(request).await;
    error.unwrap_err().failure()
}

#[tokio::test(start_paused = true)]
async fn a_timeout_below_is_the_deadlines_only_if_that_is_over() {
    let within = |deadline| {
        let mut request = request();
        let deadline = Deadline::at(clock::now() + millis(deadline));
        request.extensions_mut().insert(deadline);
        request
    };
    let may = Progress::MaybeSent;
    assert_eq!(impatient(within(301)).await, Some(Failure::Deadline(may)));
    assert_eq!(
        impatient(within(310)).await,
        Some(Failure::AttemptTimeout(may))
    );
    assert_eq!(
        impatient(request()).await,
        Some(Failure::AttemptTimeout(may))
    );
}

/// How an attempt ends with a channel that reads all of the body and then fails.
async fn reading(body: Body) -> Option<Failure> {
    let channel = service_fn(|request: Request<tonic::body::Body>| async {
        let mut body = request.into_body();
        while let Some(Ok(_)) = body.frame().await {}
        Err::<Response<tonic::body::Body>, _>(BoxError::from("lost"))
    });
    let request = request().map(|_| body);
    let error = GrpcTransport::new(channel).oneshot(request).await;
    error.unwrap_err().failure()
}

#[tokio::test(start_paused = true)]
async fn a_body_that_fails_is_told_from_a_channel_that_does() {
    let stream = |pieces: Vec<Piece>| Body::stream(Frames::new(pieces));
    let why = || Err(tonic::Status::internal("no more"));
    assert_eq!(
        reading(stream(vec![data(0, "all")])).await,
        Some(Failure::Other)
    );
    let later = stream(vec![data(0, "part"), (0, why())]);
    assert_eq!(reading(later).await, Some(Failure::RequestBody));
    let at_once = stream(vec![(0, why())]);
    assert_eq!(reading(at_once).await, Some(Failure::InvalidRequest));
}

/// A channel that never becomes ready.
#[derive(Clone, Debug)]
struct Unready;

impl Service<Request<tonic::body::Body>> for Unready {
    type Response = Response<tonic::body::Body>;
    type Error = tonic::ConnectError;
    type Future = std::future::Pending<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        Poll::Ready(Err(tonic::ConnectError(refused.into())))
    }

    fn call(&mut self, _: Request<tonic::body::Body>) -> Self::Future {
        std::future::pending()
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_not_ready_was_sent_nothing() {
    let error = GrpcTransport::new(Unready).oneshot(request()).await;
    let error = error.unwrap_err();
    assert_eq!(error.failure(), Some(Failure::Refused));
    assert_eq!(error.report().attempts(), 0);

    let layer = GrpcLayer::new(crate::Policy::internal(), "https://ledger.test").unwrap();
    let mut service = tower::Layer::layer(&layer, Unready);
    let status = service.ready().await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unavailable);
    assert_eq!(
        error_in(&status).unwrap().delivery(),
        crate::Delivery::NotSent
    );
}

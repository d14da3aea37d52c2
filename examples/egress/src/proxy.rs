//! From a request to its answer.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{Request, Response, StatusCode, Version};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming};
use seawall::{Body, BoxError, Client, Provider};
use tokio::time::timeout_at;

use crate::clock;
use crate::forward;
use crate::hop;
use crate::passing::Passing;
use crate::problem::{Again, Problem};
use crate::target::Target;
use crate::told::{self, Told};
use crate::upload::Upload;
use crate::wishes::Wishes;

/// The body of an answer: the upstream's as it comes, or a problem.
pub(crate) type AnswerBody = BoxBody<Bytes, BoxError>;

/// Sends every request to one upstream, by way of the client. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Proxy(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    target: Target,
    provider: Provider,
}

impl Proxy {
    pub(crate) fn new(client: Client, target: Target) -> Self {
        let provider = client.policy().provider().clone();
        Self(Arc::new(Inner {
            client,
            target,
            provider,
        }))
    }

    /// The answer to a request. Dropped, it gives the call up.
    pub(crate) async fn answer(
        self,
        request: Request<Incoming>,
    ) -> Result<Response<AnswerBody>, Infallible> {
        let answer = self.0.forward(request).await;
        Ok(answer.unwrap_or_else(|problem| {
            let whole = |bytes| Full::new(bytes).map_err(|never| match never {}).boxed();
            problem.into_answer().map(whole)
        }))
    }
}

impl Inner {
    async fn forward(&self, request: Request<Incoming>) -> Result<Response<AnswerBody>, Problem> {
        let (mut head, body) = request.into_parts();
        forward::check(&head, &self.provider)?;
        let uri = self.target.of(&head.uri)?;
        let deadline = self.client.policy().deadline();
        let wishes = Wishes::read(&head.headers, clock::now(), deadline)?;
        let again = Again::of(&head, &self.provider);
        forward::prepare(&mut head, self.target.is_plain_http());
        let body = Passing(body);
        let is_compared = again == Again::Harmless && self.provider.honours_keys_on(&head.method);
        let body = if is_compared && is_short(&body) {
            comparable(body, wishes.until()).await?
        } else {
            self.kept(body)
        };

        let mut request = Request::new(body);
        *request.method_mut() = head.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = head.headers;
        wishes.put_on(&mut request);
        match self.client.execute(request).await {
            Ok(response) => self.pass(response, again),
            Err(error) => Err(Problem::of(&error, &self.provider, again)),
        }
    }

    /// A body that is compared with nothing: kept while it is sent, up to 64 KiB, so that it can
    /// be sent again.
    fn kept(&self, body: Passing<Incoming>) -> Body {
        if body.is_end_stream() {
            Body::empty()
        } else {
            Body::stream(Upload::new(body, self.client.policy().attempt_timeout()))
        }
    }

    /// The upstream's answer, as it comes.
    fn pass(
        &self,
        response: seawall::Response,
        again: Again,
    ) -> Result<Response<AnswerBody>, Problem> {
        let report = response.report().clone();
        let mut response = response.into_http();
        // The version is that of the other connection.
        *response.version_mut() = Version::HTTP_11;
        let status = response.status();
        let told = Told::of(&report, &self.provider);
        if status.is_informational() {
            return Err(switched().after(told));
        }
        let headers = response.headers_mut();
        if hop::is_coded(headers) {
            return Err(coded().after(told));
        }
        hop::strip(headers);
        if again.is_invited(report.delivery()) {
            told::say_the_later(headers, status, report.retry_after(), clock::wall());
        } else {
            headers.remove(RETRY_AFTER);
        }
        told.put_on(headers);
        Ok(response.map(|body| Passing(body).boxed()))
    }
}

/// Whether a body is known to be no longer than what is kept anyway.
fn is_short(body: &Passing<Incoming>) -> bool {
    let length = body.size_hint().exact();
    length.is_some_and(|length| length <= Body::REPLAY_LIMIT as u64)
}

/// The short body of a request with a key of its own. It is read whole first: only so can it be held
/// against what was sent with that key before.
async fn comparable(body: Passing<Incoming>, until: Instant) -> Result<Body, Problem> {
    match timeout_at(until.into(), body.collect()).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes().into()),
        Ok(Err(_)) => Err(broken()),
        Err(_) => Err(slow()),
    }
}

fn broken() -> Problem {
    let detail = "the request's body broke off, and nothing was sent on: send it again";
    Problem::here(StatusCode::BAD_REQUEST, "broken_body", detail)
}

fn slow() -> Problem {
    let detail = "the request's body did not come within the deadline, and nothing was sent \
                  on: send it again, or without a length, to have it sent on as it comes";
    Problem::here(StatusCode::REQUEST_TIMEOUT, "slow_body", detail)
}

/// 101, for which nobody has asked.
fn switched() -> Problem {
    Problem::here(
        StatusCode::BAD_GATEWAY,
        "protocol_switched",
        "the upstream has switched to another protocol without being asked: tell whoever runs it",
    )
}

/// RFC 9112 section 6.1: nobody was told that it would be understood.
fn coded() -> Problem {
    Problem::here(
        StatusCode::BAD_GATEWAY,
        "transfer_coding",
        "the answer has another transfer coding than `chunked`, for which nobody has asked: tell \
         whoever runs the upstream",
    )
}

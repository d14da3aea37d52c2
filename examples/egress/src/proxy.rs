//! From a request to its answer.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming};
use seawall::{BoxError, Client, Provider};

use crate::clock;
use crate::forward;
use crate::hop;
use crate::problem::{Again, Problem};
use crate::target::Target;
use crate::told::{self, Told};
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
        forward::check(&head)?;
        let uri = self.target.of(&head.uri)?;
        let wishes = Wishes::read(&head.headers)?;
        let again = self.again(&head.method, &head.headers);
        forward::prepare(&mut head, self.target.is_plain_http());

        let mut request = Request::new(kept(body));
        *request.method_mut() = head.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = head.headers;
        wishes.put_on(&mut request);
        match self.client.execute(request).await {
            Ok(response) => self.pass(response),
            Err(error) => Err(Problem::of(&error, &self.provider, again)),
        }
    }

    /// Whether the caller's request is the same one if it is sent again.
    fn again(&self, method: &Method, headers: &HeaderMap) -> Again {
        if method.is_idempotent() || headers.contains_key(&self.provider.key_header) {
            Again::Harmless
        } else {
            Again::NeedsOurKey
        }
    }

    /// The upstream's answer, as it comes.
    fn pass(&self, response: seawall::Response) -> Result<Response<AnswerBody>, Problem> {
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
        hop::strip(headers);
        told::say_the_later(headers, status, report.retry_after(), clock::wall());
        told.put_on(headers);
        Ok(response.map(BodyExt::boxed))
    }
}

/// Kept while it is sent, up to 64 KiB, so that it can be sent again.
fn kept(body: Incoming) -> seawall::Body {
    if body.is_end_stream() {
        seawall::Body::empty()
    } else {
        seawall::Body::stream(body)
    }
}

/// 101, for which nobody has asked.
fn switched() -> Problem {
    Problem::here(
        StatusCode::BAD_GATEWAY,
        "protocol_switched",
        "the upstream has switched to another protocol without being asked: tell whoever runs it",
    )
}

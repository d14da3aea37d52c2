//! Requests and responses of either kind as the other.

use bytes::Bytes;
use http::{Request, Response};
use reqwest::ResponseBuilderExt as _;

use super::body::streamed;
use crate::middleware::throttle::ThrottledBody;
use crate::{Body, BoxError, Report};

/// reqwest's request as one for the layers: a body of bytes can be sent again, any other is a
/// [stream](Body::stream) up to its limit. Its own timeout travels along.
///
/// ```
/// use http_body::Body as _;
/// use seawall::adapters::reqwest::http_request;
/// use seawall::body::Replay;
///
/// let url = "https://gateway.example/payments".parse()?;
/// let mut request = reqwest::Request::new(http::Method::POST, url);
/// *request.body_mut() = Some("{}".into());
///
/// let request = http_request(request)?;
/// assert_eq!(request.uri().path(), "/payments");
/// assert!(request.body().replay().is_some() && request.body().size_hint().exact() == Some(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// reqwest's, for a URL that is none in HTTP, such as `data:`. It does not hold the URL.
pub fn http_request(request: reqwest::Request) -> Result<Request<Body>, reqwest::Error> {
    let request = Request::try_from(request).map_err(reqwest::Error::without_url)?;
    Ok(request.map(|body: reqwest::Body| body.into()))
}

/// A request for the layers as one of reqwest's. Extensions travel along.
///
/// A [`Body`] of bytes is one of bytes again. Any other body goes in by `reqwest::Body::wrap`, if it is
/// `Sync`; a [`ReqwestService`](super::ReqwestService) does not ask for that.
///
/// ```
/// use seawall::{Body, adapters::reqwest::reqwest_request};
///
/// let request = http::Request::put("https://gateway.example/orders/7").body(Body::from("{}"))?;
/// let request = reqwest_request(request)?;
/// assert_eq!(request.body().and_then(reqwest::Body::as_bytes), Some(&b"{}"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// reqwest's, for a URI that is not absolute.
pub fn reqwest_request<B>(request: Request<B>) -> Result<reqwest::Request, reqwest::Error>
where
    B: Into<reqwest::Body>,
{
    request.try_into().map_err(reqwest::Error::without_url)
}

/// reqwest's response as one for the layers. Its URL travels along, and is there again after
/// [`reqwest_response`].
///
/// ```
/// use seawall::adapters::reqwest::http_response;
///
/// # fn pass(answer: reqwest::Response) {
/// let url = answer.url().clone();
/// let answer = http_response(answer);
/// assert_eq!(*reqwest::Response::from(answer).url(), url);
/// # }
/// # pass(http::Response::new("paid").into());
/// ```
#[must_use]
pub fn http_response(response: reqwest::Response) -> Response<reqwest::Body> {
    let url = Response::builder().url(response.url().clone()).body(());
    let mut response = Response::from(response);
    if let Ok(url) = url {
        let (url, ()) = url.into_parts();
        response.extensions_mut().extend(url.extensions);
    }
    response
}

/// A response of the whole stack as one of reqwest's, for callers that go on as before: `.json()`,
/// `.error_for_status()`. The [`Report`](crate::Report) is among its extensions.
///
/// ```
/// use seawall::middleware::throttle::ThrottledBody;
/// use seawall::{Report, adapters::reqwest::reqwest_response};
///
/// # fn pass(answer: http::Response<ThrottledBody<reqwest::Body>>) {
/// let answer = reqwest_response(answer);
/// if let Some(report) = answer.extensions().get::<Report>() {
///     println!("{report}");
/// }
/// # }
/// ```
#[must_use]
pub fn reqwest_response<C>(mut response: Response<ThrottledBody<C>>) -> reqwest::Response
where
    C: http_body::Body<Data = Bytes> + Send + 'static,
    C::Error: Into<BoxError>,
{
    Report::move_to_extensions(&mut response);
    response.map(streamed).into()
}

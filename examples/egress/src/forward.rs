//! A request's head, made ready for the upstream.

use std::borrow::Cow;

use http::header::{CONNECTION, EXPECT, HOST, MAX_FORWARDS, TE, VIA};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use seawall::Provider;

use crate::hop;
use crate::problem::Problem;
use crate::told;

/// Our name in `Via`.
const PSEUDONYM: &str = "seawall-egress";

/// Refuses what this side does not do, whatever the upstream would say.
///
/// # Errors
///
/// A [`Problem`].
pub(crate) fn check(head: &Parts, provider: &Provider) -> Result<(), Problem> {
    well_formed(head, provider)?;
    supported(head)?;
    if hop::members(&head.headers, &VIA).any(is_ours) {
        return Err(Problem::here(
            StatusCode::LOOP_DETECTED,
            "loop",
            "the request has come through an egress before, so it would go round in a circle, or \
             its retries would be multiplied: let the upstream be the gateway itself",
        ));
    }
    Ok(())
}

fn well_formed(head: &Parts, provider: &Provider) -> Result<(), Problem> {
    // RFC 9112 section 3.2. It is not read, but some server before this one may have gone by it.
    let hosts = head.headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && head.version == Version::HTTP_11) {
        return Err(malformed("the request has no `Host`, or several: set one"));
    }
    // RFC 9110 section 7.6.1 forbids it, and a payment without its key is another payment.
    let lost = of_the_upstream(provider).find(|field| hop::names(&head.headers, field));
    lost.map_or(Ok(()), |field| {
        Err(malformed(format!(
            "`Connection` names `{field}`, which is for the upstream and would end here: take it \
             out of `Connection`"
        )))
    })
}

/// What makes a payment the one that is meant: its key, and on whose account it goes.
fn of_the_upstream(provider: &Provider) -> impl Iterator<Item = &HeaderName> {
    let always = [&provider.key_header, &provider.credential_header];
    always.into_iter().chain(&provider.account_header)
}

fn supported(head: &Parts) -> Result<(), Problem> {
    if head.method == Method::CONNECT {
        return Err(not_done(
            "CONNECT opens a tunnel, and nothing is tunnelled here",
        ));
    }
    if hop::wants_upgrade(&head.headers) {
        return Err(not_done(
            "`Upgrade` asks for another protocol, and only HTTP is spoken here",
        ));
    }
    if hop::is_coded(&head.headers) {
        return Err(not_done(
            "`Transfer-Encoding` names another coding than `chunked`, and no other is known here",
        ));
    }
    if may_go(&head.method, &head.headers) == Some(0) {
        return Err(not_done(
            "`Max-Forwards` is 0, so that the request ends here, where its method is not known",
        ));
    }
    Ok(())
}

/// Leaves what is meant for the upstream, and adds what is said on the way.
pub(crate) fn prepare(head: &mut Parts, is_plain_http: bool) {
    let trailers = hop::takes_trailers(&head.headers);
    let forwards = may_go(&head.method, &head.headers);
    let headers = &mut head.headers;
    hop::strip(headers);
    told::strip(headers);
    // The upstream's own is set from the URL. What is to be expected was answered here.
    headers.remove(HOST);
    headers.remove(EXPECT);
    if let Some(forwards) = forwards {
        headers.insert(MAX_FORWARDS, forwards.saturating_sub(1).into());
    }
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        // Plain HTTP is HTTP/1.1, which wants it named (RFC 9110 section 10.1.4); TLS may agree on
        // HTTP/2, which forbids that.
        if is_plain_http {
            headers.insert(CONNECTION, HeaderValue::from_static("te"));
        }
    }
    headers.append(VIA, via(head.version));
}

/// How often the request may still be sent on. Of other methods the field is ignored (RFC 9110
/// section 7.6.2).
fn may_go(method: &Method, headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(MAX_FORWARDS)?;
    let is_digits = value.as_bytes().iter().all(u8::is_ascii_digit);
    let is_limited = matches!(*method, Method::TRACE | Method::OPTIONS);
    let text = value.to_str().ok().filter(|_| is_limited && is_digits)?;
    text.parse().ok()
}

/// RFC 9110 section 7.6.3: the version it came by, and who received it.
fn via(version: Version) -> HeaderValue {
    HeaderValue::from_static(match version {
        Version::HTTP_10 => "1.0 seawall-egress",
        _ => "1.1 seawall-egress",
    })
}

fn is_ours(member: &[u8]) -> bool {
    let mut words = member.split(u8::is_ascii_whitespace);
    words.nth(1) == Some(PSEUDONYM.as_bytes())
}

fn malformed(what: impl Into<Cow<'static, str>>) -> Problem {
    Problem::here(StatusCode::BAD_REQUEST, "malformed", what)
}

fn not_done(what: &'static str) -> Problem {
    let detail = format!("{what}: call the upstream itself for that");
    Problem::here(StatusCode::NOT_IMPLEMENTED, "not_supported", detail)
}

#[cfg(test)]
#[path = "forward_tests.rs"]
mod tests;

//! One finished attempt, three questions: what was delivered, may it be repeated, was the upstream
//! well? Each is one table.

use http::{HeaderMap, HeaderName, Method, StatusCode};

use super::grpc::{Pushback, pushback};
use super::guarantee::is_safe;
use super::{Conflict, Delivery, Failure, Guarantee, Hint, Provider, Refusal, StopReason};

/// How one attempt ended.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// A response head came back.
    Response {
        /// Its status. Of an answer of gRPC: the [equivalent](super::grpc::Code::equivalent).
        status: StatusCode,
        /// Its headers.
        headers: &'a HeaderMap,
        /// Whether it carries a valid Retry-After.
        retry_after: bool,
        /// Whose answer it is.
        provider: &'a Provider,
    },
    /// The transport failed.
    Failure(Failure),
    /// It was refused here; nothing was sent.
    Refused(Refusal),
}

/// Whether an attempt that ended this way may be repeated at all. Attempts, time, gate and budget
/// are [`decide`](super::decide())'s business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// As often as the policy allows.
    Allowed,
    /// Once in a call.
    Once,
    /// Not at all.
    Never(StopReason),
}

/// What an attempt's end says about the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It answers.
    Success,
    /// It is in trouble.
    Failure,
    /// Nothing either way.
    Neutral,
}

/// What the server may have done with the request.
#[must_use]
pub fn delivery(outcome: &Outcome<'_>, method: &Method, guarantee: Guarantee) -> Delivery {
    match *outcome {
        Outcome::Refused(_) => Delivery::NotSent,
        Outcome::Failure(failure) => failure.delivery(),
        Outcome::Response {
            status,
            headers,
            retry_after,
            provider,
        } => match status.as_u16() {
            200..=299 | 303 | 304 => Delivery::Done,
            300..=399 if is_safe(method) => Delivery::Done,
            307 | 308 => Delivery::Rejected,
            // A server may act and then redirect.
            300..=399 => Delivery::Unknown,
            408 => Delivery::Unknown,
            429 => Delivery::Rejected,
            400..=499 if is_in_progress(status, headers, provider, guarantee) => Delivery::Unknown,
            400..=499 => Delivery::Rejected,
            // A maintenance page names its end; a bare 503 is also what proxies send after
            // they have forwarded the request.
            503 if retry_after || provider.vouches_for_503 => Delivery::Rejected,
            _ => Delivery::Unknown,
        },
    }
}

/// Whether a 4xx speaks of an earlier attempt with the same key that is still being carried out.
fn is_in_progress(
    status: StatusCode,
    headers: &HeaderMap,
    provider: &Provider,
    guarantee: Guarantee,
) -> bool {
    let conflict = status == StatusCode::CONFLICT && provider.conflict == Conflict::InProgress;
    guarantee == Guarantee::Keyed
        && (conflict || provider.hint_in(headers) == Some(Hint::InProgress))
}

/// Whether the attempt may be repeated.
#[must_use]
pub fn repeat(outcome: &Outcome<'_>, guarantee: Guarantee) -> Repeat {
    if guarantee == Guarantee::Tunnel {
        return Repeat::Never(StopReason::Tunnel);
    }
    match *outcome {
        Outcome::Refused(refusal) => Repeat::Never(StopReason::Refused(refusal)),
        Outcome::Failure(failure) => repeat_failure(failure, guarantee),
        Outcome::Response {
            status,
            headers,
            retry_after,
            provider,
        } => match word(status, headers, provider) {
            Some(Hint::Replayed) => Repeat::Never(StopReason::Replayed),
            Some(Hint::DoNotRepeat) => Repeat::Never(StopReason::ServerSaysNo),
            Some(Hint::Repeat | Hint::InProgress) if is_refusal(status) => Repeat::Allowed,
            Some(Hint::Repeat | Hint::InProgress) => if_harmless(Repeat::Allowed, guarantee),
            None => repeat_status(status, retry_after, provider, guarantee),
        },
    }
}

/// What the headers say about a repeat: the provider's own hints, and what every server may say. Of a
/// redirection only that it is an old one counts.
fn word(status: StatusCode, headers: &HeaderMap, provider: &Provider) -> Option<Hint> {
    match status.as_u16() {
        300..=399 => {
            return provider
                .hint_in(headers)
                .filter(|hint| *hint == Hint::Replayed);
        }
        400..=599 => {}
        _ => return None,
    }
    let no = says_no(headers).then_some(Hint::DoNotRepeat);
    provider.hint_in(headers).max(no)
}

/// Whether the status says that nothing was done, whoever asked.
fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error()
        && !matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT)
}

fn repeat_failure(failure: Failure, guarantee: Guarantee) -> Repeat {
    match failure {
        Failure::Deadline(_) => Repeat::Never(StopReason::DeadlineExceeded),
        permanent if permanent.is_permanent() => Repeat::Never(StopReason::Permanent),
        unsent if unsent.delivery() == Delivery::NotSent => Repeat::Allowed,
        _ => if_harmless(Repeat::Allowed, guarantee),
    }
}

fn repeat_status(
    status: StatusCode,
    retry_after: bool,
    provider: &Provider,
    guarantee: Guarantee,
) -> Repeat {
    let in_progress = guarantee == Guarantee::Keyed && provider.conflict == Conflict::InProgress;
    match status.as_u16() {
        100..=399 => Repeat::Never(StopReason::Answered),
        408 | 425 => if_harmless(Repeat::Once, guarantee),
        409 if in_progress => Repeat::Allowed,
        413 if retry_after => if_harmless(Repeat::Allowed, guarantee),
        421 => Repeat::Once,
        429 => if_harmless(Repeat::Allowed, guarantee),
        400..=499 => Repeat::Never(StopReason::Permanent),
        501 | 505 | 506 | 507 | 508 | 510 | 511 => Repeat::Never(StopReason::Permanent),
        500..=599 => if_harmless(Repeat::Allowed, guarantee),
        _ => Repeat::Never(StopReason::Permanent),
    }
}

fn if_harmless(repeat: Repeat, guarantee: Guarantee) -> Repeat {
    if guarantee.allows_repeat() {
        repeat
    } else {
        Repeat::Never(StopReason::NotIdempotent)
    }
}

static ENVOY_OVERLOADED: HeaderName = HeaderName::from_static("x-envoy-overloaded");

/// Envoy's word for "I shed this load on purpose", and gRPC's pushback that is no wait: a retry is the
/// last thing such a server wants.
fn says_no(headers: &HeaderMap) -> bool {
    headers.contains_key(&ENVOY_OVERLOADED) || pushback(headers) == Pushback::Never
}

/// What the outcome says about the upstream, for a circuit that is not probing.
#[must_use]
pub fn health(outcome: &Outcome<'_>) -> Health {
    match *outcome {
        Outcome::Refused(_) => Health::Neutral,
        Outcome::Failure(Failure::InvalidRequest | Failure::RequestBody) => Health::Neutral,
        // It answers; it is this side that reads no further.
        Outcome::Failure(Failure::OversizedBody { .. }) => Health::Success,
        Outcome::Failure(_) => Health::Failure,
        Outcome::Response { status, .. } => health_of(status),
    }
}

/// What a response's status says about the upstream, whoever it is.
#[must_use]
pub fn health_of(status: StatusCode) -> Health {
    match status.as_u16() {
        408 => Health::Failure,
        425 | 429 => Health::Neutral,
        501 | 505 | 506 | 510 | 511 => Health::Neutral,
        500..=599 => Health::Failure,
        100..=499 => Health::Success,
        _ => Health::Neutral,
    }
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;

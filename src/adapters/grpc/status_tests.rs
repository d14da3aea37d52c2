//! The statuses that the caller gets.

use http::{HeaderValue, StatusCode};

use super::*;
use crate::TransportError;
use crate::policy::{Delivery, Guarantee, Progress, Refusal, StopReason};

fn code(failure: Failure) -> tonic::Code {
    of_error(Error::transport(failure)).code()
}

#[test]
fn failures_have_the_codes_of_grpc() {
    use tonic::Code::*;
    for (failure, expected) in [
        (Failure::Dns, Unavailable),
        (Failure::Refused, Unavailable),
        (Failure::ConnectTimeout, Unavailable),
        (Failure::Unsent, Unavailable),
        (Failure::Reset, Unavailable),
        (Failure::Other, Unavailable),
        (
            Failure::AttemptTimeout(Progress::MaybeSent),
            DeadlineExceeded,
        ),
        (Failure::Deadline(Progress::Unsent), DeadlineExceeded),
        (Failure::Malformed, Internal),
        (Failure::Stream(0x2), Internal),
        (Failure::Stream(0x7), Unavailable),
        (Failure::Stream(0x8), Cancelled),
        (Failure::Stream(0xb), ResourceExhausted),
        (Failure::Stream(0xc), PermissionDenied),
        (Failure::RequestBody, Internal),
    ] {
        assert_eq!(code(failure), expected, "{failure:?}");
    }
}

#[test]
fn refusals_have_them_too() {
    let refused = |refusal| {
        let after = std::time::Duration::from_secs(1);
        of_error(Error::refused(refusal, &"u".into(), after))
    };
    for refusal in [Refusal::Open, Refusal::Gate, Refusal::Maintenance] {
        assert_eq!(refused(refusal).code(), tonic::Code::Unavailable);
    }
    for refusal in [Refusal::Throttle, Refusal::RateLimit] {
        assert_eq!(refused(refusal).code(), tonic::Code::ResourceExhausted);
    }
    let config = of_error(Error::config("no"));
    assert_eq!(config.code(), tonic::Code::FailedPrecondition);
}

#[test]
fn a_body_that_failed_says_why_itself() {
    let why = Status::out_of_range("too long");
    let error = Error::from_inner(TransportError::new(Failure::InvalidRequest, why));
    assert_eq!(of_error(error).code(), tonic::Code::OutOfRange);
}

fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

#[test]
fn a_refused_retry_does_not_hide_what_the_server_said() {
    let answer = (StatusCode::OK, headers(&[("grpc-status", "13")]));
    let refused = Error::refused(Refusal::Open, &"u".into(), std::time::Duration::ZERO);
    let status = of_error(refused.with_last_response(Some(answer)));
    assert_eq!(status.code(), tonic::Code::Internal);
    let error = error_in(&status).unwrap();
    assert_eq!(error.grpc_code(), Some(Code::Internal));
    assert_eq!(error.refusal(), Some(Refusal::Open));
}

/// The status of an answer that came through a stack.
fn answered(lines: &[(&'static str, &'static str)]) -> Result<Response<ThrottledBody<()>>, Status> {
    let mut response = Response::new(ThrottledBody::unlimited(()));
    *response.headers_mut() = headers(lines);
    let error = Error::new(
        Cause::Config(String::new()),
        StopReason::NotIdempotent,
        Delivery::Unknown,
    );
    response.extensions_mut().insert(error.report().clone());
    of_answer(response, true)
}

#[test]
fn an_answer_that_failed_keeps_its_words_and_its_report() {
    let fields = [
        ("grpc-status", "9"),
        ("grpc-message", "no%20funds"),
        ("grpc-status-details-bin", "c2VlIGFib3Zl"),
        ("x-request-id", "17"),
    ];
    let status = answered(&fields).unwrap_err();
    assert_eq!(status.code(), tonic::Code::FailedPrecondition);
    assert_eq!(status.message(), "no funds");
    assert_eq!(status.details(), b"see above");
    assert_eq!(status.metadata().get("x-request-id").unwrap(), "17");

    let error = error_in(&status).unwrap();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.code(), "payment_outcome_unknown");
    assert_eq!(error.report().guarantee, Guarantee::None);
    assert!(error.to_string().contains("FAILED_PRECONDITION"), "{error}");
    assert!(!format!("{error:?}{error}").contains("funds"));
}

#[test]
fn an_answer_that_is_well_or_has_no_report_passes() {
    assert!(answered(&[("grpc-status", "0")]).is_ok());
    assert!(answered(&[]).is_ok());
    let mut unreported = Response::new(ThrottledBody::unlimited(()));
    *unreported.headers_mut() = headers(&[("grpc-status", "5")]);
    assert!(of_answer(unreported, false).is_ok());
}

#[test]
fn lines_that_differ_are_unknown_and_never_ok() {
    let status = answered(&[("grpc-status", "0"), ("grpc-status", "5")]).unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unknown);
}

#[test]
fn only_details_that_cannot_be_read_are_taken_out() {
    for (details, kept) in [
        ("AAA=", true),
        ("AAA", true),
        ("", true),
        ("A", false),
        ("a b", false),
    ] {
        let mut headers = headers(&[("grpc-status-details-bin", details)]);
        without_unreadable_details(&mut headers);
        assert_eq!(
            headers.contains_key("grpc-status-details-bin"),
            kept,
            "{details:?}"
        );
    }
}

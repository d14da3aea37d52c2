//! Each code, and what it means to the tables of `classify`.

use http::Method;

use super::Code::*;
use super::*;
use crate::policy::classify::{delivery, health, repeat};
use crate::policy::{Delivery, Guarantee, Health, Outcome, Provider, Repeat};

const NUMBERED: [(&str, Code); 16] = [
    ("1", Cancelled),
    ("2", Unknown),
    ("3", InvalidArgument),
    ("4", DeadlineExceeded),
    ("5", NotFound),
    ("6", AlreadyExists),
    ("7", PermissionDenied),
    ("8", ResourceExhausted),
    ("9", FailedPrecondition),
    ("10", Aborted),
    ("11", OutOfRange),
    ("12", Unimplemented),
    ("13", Internal),
    ("14", Unavailable),
    ("15", DataLoss),
    ("16", Unauthenticated),
];

/// The code of a 200 with these lines of `grpc-status`.
fn code(lines: &[&'static str], content_type: &'static str) -> Option<Code> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    for line in lines {
        headers.append("grpc-status", HeaderValue::from_static(line));
    }
    error_of(StatusCode::OK, &headers)
}

#[test]
fn every_number_has_its_code_and_zero_has_none() {
    for (number, expected) in NUMBERED {
        assert_eq!(code(&[number], "application/grpc"), Some(expected));
        assert_eq!(expected.number().to_string(), number);
    }
    assert_eq!(code(&["0"], "application/grpc"), None);
    assert_eq!(code(&[], "application/grpc"), None);
}

#[test]
fn what_grpc_does_not_know_is_unknown_never_ok() {
    for number in [
        "17",
        "-1",
        "014",
        "00",
        "",
        " 0",
        "ok",
        "99999999999999999999",
    ] {
        assert_eq!(
            code(&[number], "application/grpc"),
            Some(Unknown),
            "{number}"
        );
    }
    assert_eq!(code(&["0", "14"], "application/grpc"), Some(Unknown));
    assert_eq!(code(&["14", "0"], "application/grpc"), Some(Unknown));
    assert_eq!(code(&["14", "14"], "application/grpc"), Some(Unavailable));
}

#[test]
fn the_field_means_something_only_in_an_answer_of_grpc() {
    for kind in [
        "application/grpc",
        "application/grpc+proto",
        "Application/gRPC;a=b",
    ] {
        assert_eq!(code(&["14"], kind), Some(Unavailable), "{kind}");
    }
    for kind in ["application/json", "application/grp", "text/html"] {
        assert_eq!(code(&["14"], kind), None, "{kind}");
    }
}

#[test]
fn a_status_of_http_speaks_for_itself() {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", HeaderValue::from_static("5"));
    assert_eq!(error_of(StatusCode::SERVICE_UNAVAILABLE, &headers), None);
    assert_eq!(error_of(StatusCode::OK, &headers), Some(NotFound));
}

/// What an un-keyed attempt that was answered so may have done, whether one that is idempotent is
/// repeated, and one that is not, and what it says of the upstream.
fn row(code: Code) -> (Delivery, bool, bool, Health) {
    let (headers, provider) = (HeaderMap::new(), Provider::generic());
    let outcome = Outcome::Response {
        status: code.equivalent(),
        headers: &headers,
        retry_after: false,
        provider: &provider,
    };
    let repeated = |guarantee| repeat(&outcome, guarantee) == Repeat::Allowed;
    (
        delivery(&outcome, &Method::POST, Guarantee::None),
        repeated(Guarantee::Idempotent),
        repeated(Guarantee::None),
        health(&outcome),
    )
}

#[test]
fn each_code_has_its_row() {
    use Health::{Failure, Neutral, Success};
    for (code, expected) in [
        (Cancelled, (Delivery::Unknown, true, false, Failure)),
        (Unknown, (Delivery::Unknown, true, false, Failure)),
        (InvalidArgument, (Delivery::Rejected, false, false, Success)),
        (DeadlineExceeded, (Delivery::Unknown, true, false, Failure)),
        (NotFound, (Delivery::Rejected, false, false, Success)),
        (AlreadyExists, (Delivery::Rejected, false, false, Success)),
        (
            PermissionDenied,
            (Delivery::Rejected, false, false, Success),
        ),
        (
            ResourceExhausted,
            (Delivery::Rejected, true, false, Neutral),
        ),
        (
            FailedPrecondition,
            (Delivery::Rejected, false, false, Success),
        ),
        (Aborted, (Delivery::Rejected, false, false, Success)),
        (OutOfRange, (Delivery::Rejected, false, false, Success)),
        (Unimplemented, (Delivery::Rejected, false, false, Success)),
        (Internal, (Delivery::Unknown, true, false, Failure)),
        (Unavailable, (Delivery::Unknown, true, false, Failure)),
        (DataLoss, (Delivery::Unknown, false, false, Failure)),
        (Unauthenticated, (Delivery::Rejected, false, false, Success)),
    ] {
        assert_eq!(row(code), expected, "{code}");
    }
}

#[test]
fn only_refused_credentials_go_as_401_and_403() {
    let goes_as = |status: u16| {
        let of_this = NUMBERED.iter().map(|(_, code)| *code);
        of_this
            .filter(|code| code.equivalent().as_u16() == status)
            .collect::<Vec<_>>()
    };
    assert_eq!(goes_as(401), [Unauthenticated]);
    assert_eq!(goes_as(403), [PermissionDenied]);
    assert_eq!(goes_as(429), [ResourceExhausted]);
    assert_eq!(goes_as(503), [Unavailable]);
}

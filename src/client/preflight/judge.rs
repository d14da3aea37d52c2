//! What a status says about health and about credentials.

use http::StatusCode;

use super::Problem;

/// What is wrong with an upstream that answers a GET of its health path like this.
pub(super) fn health(status: StatusCode) -> Result<(), Problem> {
    match status.as_u16() {
        200..=299 => Ok(()),
        300..=399 => Err(Problem::Redirected),
        401 | 403 | 407 => Err(Problem::CredentialsRefused),
        404 | 410 => Err(Problem::PathUnknown),
        429 => Err(Problem::Throttled),
        500.. => Err(Problem::Unwell),
        _ => Err(Problem::Rejected),
    }
}

/// What a status says about the credentials that the request carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    Refused,
    /// Nothing: it may have been given before anybody looked at them.
    Untold(Problem),
}

/// Only success proves that somebody looked and was content: a 404 may come from a router in front,
/// a 503 from a balancer.
pub(super) fn credentials(status: StatusCode) -> Verdict {
    match health(status) {
        Ok(()) => Verdict::Accepted,
        Err(Problem::CredentialsRefused) => Verdict::Refused,
        Err(problem) => Verdict::Untold(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16) -> StatusCode {
        StatusCode::from_u16(code).unwrap()
    }

    #[test]
    fn only_success_is_health() {
        for code in [200, 204, 299] {
            assert_eq!(health(status(code)), Ok(()), "{code}");
        }
        for (code, problem) in [
            (301, Problem::Redirected),
            (304, Problem::Redirected),
            (400, Problem::Rejected),
            (401, Problem::CredentialsRefused),
            (403, Problem::CredentialsRefused),
            (404, Problem::PathUnknown),
            (405, Problem::Rejected),
            (407, Problem::CredentialsRefused),
            (410, Problem::PathUnknown),
            (429, Problem::Throttled),
            (500, Problem::Unwell),
            (503, Problem::Unwell),
            (599, Problem::Unwell),
            (999, Problem::Unwell),
        ] {
            assert_eq!(health(status(code)), Err(problem), "{code}");
        }
    }

    #[test]
    fn only_success_proves_credentials_and_only_some_statuses_refuse_them() {
        assert_eq!(credentials(status(200)), Verdict::Accepted);
        for code in [401, 403, 407] {
            assert_eq!(credentials(status(code)), Verdict::Refused, "{code}");
        }
        for (code, problem) in [
            (302, Problem::Redirected),
            (404, Problem::PathUnknown),
            (405, Problem::Rejected),
            (429, Problem::Throttled),
            (503, Problem::Unwell),
        ] {
            assert_eq!(
                credentials(status(code)),
                Verdict::Untold(problem),
                "{code}"
            );
        }
    }
}

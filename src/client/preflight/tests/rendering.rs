//! The report for people.

use std::time::Duration;

use super::*;

pub(super) fn sample() -> PreflightReport {
    let step = |step, outcome, micros| StepReport {
        step,
        outcome,
        took: Duration::from_micros(micros),
    };
    let passed = |detail: &str| Outcome::Passed {
        detail: detail.to_owned(),
    };
    let skipped = || Outcome::Skipped {
        why: "the step tls failed".to_owned(),
    };
    let expired = Outcome::Failed {
        problem: Problem::CertificateExpired,
        reason: "the certificate has expired, 2 days ago".to_owned(),
        fix: "renew it",
    };
    PreflightReport {
        url: "https://gateway.example/".to_owned(),
        steps: vec![
            step(Step::Url, passed("https to gateway.example, port 443"), 12),
            step(Step::Dns, passed("2 addresses"), 12_345),
            step(Step::Tcp, passed("203.0.113.7:443"), 8_149),
            step(Step::Tls, expired, 1_020_449),
            step(Step::Credentials, skipped(), 0),
            step(Step::Health, skipped(), 0),
        ],
    }
}

#[test]
fn a_line_for_each_step_in_columns() {
    let expected = "\
ok       url               0.0 ms  https to gateway.example, port 443
ok       dns              12.3 ms  2 addresses
ok       tcp               8.1 ms  203.0.113.7:443
FAILED   tls            1020.4 ms  the certificate has expired, 2 days ago: renew it
skipped  credentials       0.0 ms  the step tls failed
skipped  health            0.0 ms  the step tls failed
";
    assert_eq!(sample().to_string(), expected);
}

#[test]
fn one_failed_step_fails_it_and_skipped_ones_alone_do_not() {
    let mut report = sample();
    assert_eq!(report.failed().map(StepReport::step), Some(Step::Tls));
    report.steps.remove(3);
    assert!(report.is_ok() && report.failed().is_none());
}

//! The report for programs.

use serde_json::json;

use super::rendering::sample;

#[test]
fn it_serializes_each_step_with_its_outcome() {
    let told = serde_json::to_value(sample()).unwrap();

    assert_eq!(told["url"], "https://gateway.example/");
    assert_eq!(told["ok"], false);
    assert_eq!(told["steps"].as_array().unwrap().len(), 6);
    let (passed, failed, skipped) = (&told["steps"][1], &told["steps"][3], &told["steps"][4]);
    assert_eq!(
        passed,
        &json!({
            "step": "dns", "outcome": "passed", "took_ms": 12.345, "detail": "2 addresses",
        })
    );
    assert_eq!(
        failed,
        &json!({
            "step": "tls", "outcome": "failed", "took_ms": 1020.449,
            "problem": "certificate_expired",
            "reason": "the certificate has expired, 2 days ago", "fix": "renew it",
        })
    );
    assert_eq!(
        skipped,
        &json!({
            "step": "credentials", "outcome": "skipped", "took_ms": 0.0,
            "why": "the step tls failed",
        })
    );
}

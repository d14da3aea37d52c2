//! Acts that make no sense: each says the value, the rule and the fix, and changes nothing.

use super::*;

fn control() -> Control {
    Upstreams::new(external().build().unwrap()).control()
}

#[track_caller]
fn says(result: Result<(), ControlError>, parts: &[&str]) {
    let text = result.unwrap_err().to_string();
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

#[test]
fn what_is_no_upstream() {
    let control = control();
    says(
        control.reset("gateway.example"),
        &[
            "\"gateway.example\"",
            "no upstream",
            "`https://gateway.example`",
        ],
    );
    says(
        control.lift_gate("https://a.example/v1"),
        &["\"https://a.example/v1\""],
    );
    for secret in [
        "https://me:s3cret@a.example",
        "https://a.example?key=s3cret",
    ] {
        let text = control.reset(secret).unwrap_err().to_string();
        assert!(!text.contains("s3cret"), "{text}");
    }
    assert!(control.upstreams().is_empty());
}

#[test]
fn an_end_that_is_none() {
    let control = control();
    let past = clock::wall() - secs(60);
    says(
        control.open_until(GATEWAY, past, WHY),
        &["60s ago", "ahead of now"],
    );
    says(control.close_until(GATEWAY, past), &["60s ago"]);
    says(
        control.schedule_maintenance(GATEWAY, past - secs(60), past, WHY),
        &["60s ago"],
    );
    let far = after(secs(40 * 86_400));
    says(
        control.open_until(GATEWAY, far, WHY),
        &["days ahead", "at most 30"],
    );
    says(control.close_until(GATEWAY, far), &["at most 30"]);
    assert!(control.upstreams().is_empty());
}

#[test]
fn a_beginning_after_the_end() {
    let (from, until) = (after(secs(200)), after(secs(100)));
    says(
        control().schedule_maintenance(GATEWAY, from, until, WHY),
        &["beginning", "100s after it"],
    );
    says(
        control().schedule_maintenance(GATEWAY, until, until, WHY),
        &["0ns after it"],
    );
}

#[test]
fn a_rate_that_is_none() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let shown = rate.to_string();
        says(
            control().set_rate(GATEWAY, Some(rate)),
            &[&*shown, "above 0"],
        );
    }
}

#[test]
fn no_reason_and_too_many_plans() {
    let control = control();
    let until = after(secs(100));
    says(
        control.open_until(GATEWAY, until, " \n"),
        &["blank", "ticket"],
    );
    for _ in 0..64 {
        control
            .schedule_maintenance(GATEWAY, after(secs(10)), until, WHY)
            .unwrap();
    }
    says(
        control.schedule_maintenance(GATEWAY, after(secs(10)), until, WHY),
        &["64", "cancel"],
    );
}

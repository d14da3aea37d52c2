//! Every form of the header, and everything that is none.

use proptest::prelude::*;

use super::*;

const NOW: u64 = 1_790_000_000;

fn wall() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
}

/// What is left and the seconds until the reset, of these lines.
fn read(lines: &[(&'static str, &str)]) -> Option<(u64, u64)> {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, value.parse().unwrap());
    }
    let quota = parse(&headers, wall())?;
    Some((quota.remaining, quota.reset.as_secs()))
}

fn field(value: &str) -> Option<(u64, u64)> {
    read(&[("ratelimit", value)])
}

#[test]
fn an_item_of_the_draft_is_read_whatever_else_it_says() {
    assert_eq!(field(r#""default";r=50;t=30"#), Some((50, 30)));
    assert_eq!(
        field(r#""default"; t=30; pk=:cHs=:; r=50;acme=?1"#),
        Some((50, 30))
    );
    assert_eq!(field(r#"  "a;r=1;t=9,\"b"  ;r=0;t=60 "#), Some((0, 60)));
    assert_eq!(
        field(r#""default";r=1;r=50;t=30"#),
        Some((50, 30)),
        "the last one counts"
    );
}

#[test]
fn of_several_quotas_the_tightest_counts() {
    assert_eq!(
        field(r#""burst";r=90;t=10, "day";r=60;t=30"#),
        Some((60, 30))
    );
    let lines = [
        ("ratelimit", r#""burst";r=1;t=2"#),
        ("ratelimit", r#""day";r=60;t=3600"#),
    ];
    assert_eq!(read(&lines), Some((60, 3_600)));
    let both = [
        ("ratelimit", r#""burst";r=90;t=10"#),
        ("x-ratelimit-remaining", "3"),
        ("x-ratelimit-reset", "60"),
    ];
    assert_eq!(read(&both), Some((3, 60)));
}

#[test]
fn a_quota_that_does_not_say_when_it_returns_says_nothing() {
    for value in [
        r#""default";r=50"#,
        r#""default";t=30"#,
        r#""default";r=0;t=0"#,
    ] {
        assert_eq!(field(value), None, "{value}");
    }
    assert_eq!(read(&[("ratelimit-remaining", "5")]), None);
    assert_eq!(read(&[("ratelimit-reset", "5")]), None);
    // Of one that does, beside it, that is not held against it.
    assert_eq!(field(r#""day";r=0, "burst";r=5;t=10"#), Some((5, 10)));
}

#[test]
fn the_older_forms_are_read() {
    assert_eq!(field("limit=100, remaining=50, reset=30"), Some((50, 30)));
    assert_eq!(field("reset=30,remaining=50"), Some((50, 30)));
    for prefix in ["", "x-"] {
        let [remaining, reset] = match prefix {
            "" => ["ratelimit-remaining", "ratelimit-reset"],
            _ => ["x-ratelimit-remaining", "x-ratelimit-reset"],
        };
        assert_eq!(read(&[(remaining, " 7"), (reset, "20 ")]), Some((7, 20)));
        let epoch = (NOW + 90).to_string();
        assert_eq!(read(&[(remaining, "7"), (reset, &epoch)]), Some((7, 90)));
        let past = (NOW - 1).to_string();
        assert_eq!(read(&[(remaining, "7"), (reset, &past)]), None);
        let twice = [(remaining, "7"), (remaining, "0"), (reset, "20")];
        assert_eq!(read(&twice), None, "nobody knows which of the two");
    }
}

#[test]
fn garbage_is_ignored() {
    for value in [
        "",
        "r=50;t=30",
        r#"";r=50;t=30"#,
        r#""default";r=+50;t=30"#,
        r#""default";r=-1;t=30"#,
        r#""default";r=1.5;t=30"#,
        r#""default";r=;t=30"#,
        r#""default";r=50;t=1e9"#,
        r#""default";r=1000000000000000;t=1"#,
        "default;r=50;t=30",
        "remaining, reset",
    ] {
        assert_eq!(field(value), None, "{value}");
    }
    let mut headers = HeaderMap::new();
    headers.insert(
        "ratelimit",
        HeaderValue::from_bytes(b"\"\xff\";r=0;t=9").unwrap(),
    );
    assert_eq!(parse(&headers, wall()), None);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(value in "[ -~]{0,60}", reset in "[0-9 ]{0,25}") {
        let mut headers = HeaderMap::new();
        headers.insert("ratelimit", value.parse().unwrap());
        headers.insert("x-ratelimit-remaining", value.parse().unwrap());
        headers.insert("x-ratelimit-reset", reset.parse().unwrap());
        if let Some(quota) = parse(&headers, wall()) {
            prop_assert!(quota.rate().is_finite() && !quota.reset.is_zero());
        }
    }
}

//! Keys: the same when they must be, different when they must be, refused when they would break.

use std::collections::HashSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::{IdempotencyKey, InvalidKey, NAMESPACE};

#[test]
fn the_same_operation_has_the_same_key_in_every_release() {
    // Pinned: if one of these changes, a payment in flight during the upgrade is charged twice.
    let key = IdempotencyKey::for_operation("shop", "charge", "order-1042/attempt-1");
    assert_eq!(key.as_str(), "0883acce-4326-5e7a-9aa8-2702211b0c9a");
    let key = IdempotencyKey::for_operation("läden", "charge", "");
    assert_eq!(key.as_str(), "ae8691d9-c3d9-5a16-bfa8-8eea3ba06453");
}

#[test]
fn the_namespace_is_derived_as_documented() {
    assert_eq!(
        NAMESPACE,
        Uuid::new_v5(&Uuid::NAMESPACE_OID, b"seawall/idempotency-key")
    );
}

#[test]
fn where_one_part_ends_and_the_next_begins_matters() {
    let keys: HashSet<_> = [
        ("ab", "c", "d"),
        ("a", "bc", "d"),
        ("a", "b", "cd"),
        ("abcd", "", ""),
        ("", "abcd", ""),
        ("", "", "abcd"),
        ("b", "a", "cd"),
    ]
    .into_iter()
    .map(|(namespace, operation, id)| IdempotencyKey::for_operation(namespace, operation, id))
    .collect();
    assert_eq!(keys.len(), 7);
}

#[test]
fn random_bytes_make_a_version_four_uuid_and_nothing_of_them_is_lost() {
    let key = IdempotencyKey::from_random_bytes([0xff; 16]);
    assert_eq!(key.as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    let keys: HashSet<_> = (0..=u8::MAX)
        .map(|n| IdempotencyKey::from_random_bytes([n; 16]))
        .collect();
    assert_eq!(keys.len(), 256);
}

#[test]
fn a_key_is_shown_and_sent_as_it_is() {
    let key = IdempotencyKey::parse("order 1042 \"late\"").expect("valid");
    assert_eq!(key.to_string(), "order 1042 \"late\"");
    assert_eq!(
        format!("{key:?}"),
        r#"IdempotencyKey("order 1042 \"late\"")"#
    );
    assert_eq!(key.to_header_value(), "order 1042 \"late\"");
    assert!(!key.to_header_value().is_sensitive(), "it is no secret");
}

#[test]
fn lengths_from_1_to_255_are_keys_and_others_are_not() {
    assert!(IdempotencyKey::parse("!").is_ok());
    assert!(IdempotencyKey::parse(&"~".repeat(255)).is_ok());
    assert_eq!(IdempotencyKey::parse(""), Err(InvalidKey::Empty));
    assert_eq!(
        IdempotencyKey::parse(&"~".repeat(256)),
        Err(InvalidKey::TooLong {
            length: 256,
            most: 255
        })
    );
}

#[test]
fn a_character_that_would_not_arrive_is_refused_with_its_position() {
    for (key, position) in [
        ("a\nb", 1),
        ("\0", 0),
        ("ab\tc", 2),
        ("a\u{7f}", 1),
        ("für", 1),
        ("日本", 0),
        ("€ a", 0),
    ] {
        assert_eq!(
            IdempotencyKey::parse(key),
            Err(InvalidKey::Character { position }),
            "{key:?}"
        );
    }
}

#[test]
fn a_space_is_allowed_inside_and_not_at_the_ends() {
    assert!(IdempotencyKey::parse("a b  c").is_ok());
    for key in [" a", "a ", " ", "   "] {
        assert_eq!(
            IdempotencyKey::parse(key),
            Err(InvalidKey::OuterSpace),
            "{key:?}"
        );
    }
}

#[test]
fn an_error_names_the_rule_and_the_fix_and_not_the_refused_text() {
    let error = |key: &str| IdempotencyKey::parse(key).expect_err("refused").to_string();
    assert!(error("").contains("is empty") && error("").contains("1 to 255"));
    let long = error(&"x".repeat(300));
    assert!(
        long.contains("300 characters") && long.contains("at most 255"),
        "{long}"
    );
    let odd = error("card 4242\u{e9}");
    assert!(
        odd.contains("position 9") && odd.contains("for_operation") && !odd.contains("4242"),
        "{odd}"
    );
    assert!(error("a ").contains("trim it"));
}

proptest! {
    #[test]
    fn whatever_is_accepted_arrives_unchanged(text in prop_oneof!["[ -~]{0,300}", any::<String>()]) {
        if let Ok(key) = IdempotencyKey::parse(&text) {
            prop_assert_eq!(key.as_str(), &text);
            prop_assert_eq!(key.to_header_value(), text.as_str());
            prop_assert_eq!(text.trim(), &text);
        }
    }

    #[test]
    fn every_text_of_visible_characters_is_accepted(text in "[!-~]([ -~]{0,253}[!-~])?") {
        prop_assert!(IdempotencyKey::parse(&text).is_ok());
    }

    #[test]
    fn different_parts_have_different_keys(one in any::<[String; 3]>(), other in any::<[String; 3]>()) {
        let key = |[a, b, c]: &[String; 3]| IdempotencyKey::for_operation(a, b, c);
        prop_assert_eq!(key(&one) == key(&other), one == other);
    }
}

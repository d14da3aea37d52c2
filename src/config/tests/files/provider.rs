//! Providers in files.

use http::HeaderName;

use super::*;
use crate::policy::idempotency::KeyForm;
use crate::policy::{Conflict, Hint, HintHeader};

fn acme() -> Provider {
    Provider {
        name: "acme".into(),
        honours_keys: false,
        key_header: HeaderName::from_static("x-request-key"),
        key_form: KeyForm::StructuredField,
        max_key_length: 36,
        key_life: seconds(48 * 3_600),
        conflict: Conflict::Rejected,
        vouches_for_503: true,
        hints: vec![HintHeader {
            name: HeaderName::from_static("x-acme"),
            value: "yes".into(),
            means: Hint::InProgress,
        }],
        credential_header: HeaderName::from_static("x-acme-key"),
        account_header: Some(HeaderName::from_static("x-acme-account")),
        rate_per_second: Some(7.5),
    }
}

#[test]
fn a_ready_made_profile_is_its_name() {
    for (name, provider) in [
        ("generic", Provider::generic()),
        ("stripe", Provider::stripe()),
        ("adyen", Provider::adyen()),
        ("ietf", Provider::ietf()),
        ("none", Provider::none()),
    ] {
        assert_eq!(serde_json::to_value(&provider).unwrap(), name);
        let quoted = format!("\"{name}\"");
        assert_eq!(serde_json::from_str::<Provider>(&quoted).unwrap(), provider);
    }
}

#[test]
fn every_field_of_a_profile_is_read() {
    let written = "
        profile = \"adyen\"
        name = \"acme\"
        honours_keys = false
        key_header = \"X-Request-Key\"
        key_form = \"structured_field\"
        max_key_length = 36
        key_life = \"48h\"
        conflict = \"rejected\"
        vouches_for_503 = true
        credential_header = \"X-Acme-Key\"
        account_header = \"X-Acme-Account\"
        rate_per_second = 7.5
        hints = [{ name = \"X-Acme\", value = \"yes\", means = \"in_progress\" }]
    ";
    assert_eq!(from_toml::<Provider>(written), acme());
}

#[test]
fn what_is_left_out_is_the_profiles() {
    let sandbox: Provider = from_toml("profile = \"stripe\"\nrate_per_second = 25");
    let expected = Provider {
        rate_per_second: Some(25.0),
        ..Provider::stripe()
    };
    assert_eq!(sandbox, expected);
}

#[test]
fn any_profile_reads_back_equal() {
    let bare = Provider {
        hints: Vec::new(),
        account_header: None,
        rate_per_second: None,
        ..Provider::stripe()
    };
    for provider in [acme(), bare] {
        assert_eq!(from_toml::<Provider>(&to_toml(&provider)), provider);
        let json = serde_json::to_string(&provider).unwrap();
        assert_eq!(serde_json::from_str::<Provider>(&json).unwrap(), provider);
    }
}

#[test]
fn a_profile_that_makes_no_sense_is_refused() {
    for (written, named) in [
        ("name = \"acme\"", "missing field `profile`"),
        (
            "profile = \"paypal\"",
            "unknown variant `paypal`, expected one of `generic`",
        ),
        (
            "profile = \"generic\"\nkey_header = \"a b\"",
            "the header name \"a b\" is not valid",
        ),
        (
            "profile = \"generic\"\nkey_form = \"quoted\"",
            "`structured_field`",
        ),
        ("profile = \"generic\"\nkey_life = 3600", "with its unit"),
    ] {
        let message = toml_error::<Provider>(written);
        assert!(message.contains(named), "{named:?} is not in {message:?}");
    }
    let message = toml_error::<Policy>("preset = \"external\"\nprovider = 5");
    assert!(message.contains("the name of a profile"), "{message}");
    // What only a policy's check can say.
    let written =
        "preset = \"external\"\nprovider = { profile = \"generic\", max_key_length = 35 }";
    let message = toml_error::<Policy>(written);
    assert!(message.contains("longest key is 35"), "{message}");
}

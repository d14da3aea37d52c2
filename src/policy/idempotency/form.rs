//! How a key is written into its header.

use http::HeaderValue;

use super::{IdempotencyKey, InvalidKey};

/// How a key is written into its header.
///
/// ```
/// use seawall::IdempotencyKey;
/// use seawall::policy::idempotency::KeyForm;
///
/// let key = IdempotencyKey::parse("order \"17\"")?;
/// assert_eq!(KeyForm::Raw.write(&key), "order \"17\"");
///
/// let quoted = KeyForm::StructuredField.write(&key);
/// assert_eq!(quoted, r#""order \"17\"""#);
/// assert_eq!(KeyForm::StructuredField.read(&quoted), Ok(key));
/// # Ok::<(), seawall::policy::idempotency::InvalidKey>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum KeyForm {
    /// As it is.
    Raw,
    /// As a structured-field string: in quotes, with `"` and `\` escaped (RFC 9651 section 3.3.3).
    StructuredField,
}

impl KeyForm {
    /// The header's value for this key.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "a quoted key is still ASCII")]
    pub fn write(self, key: &IdempotencyKey) -> HeaderValue {
        match self {
            Self::Raw => key.to_header_value(),
            Self::StructuredField => {
                HeaderValue::try_from(quoted(key.as_str())).expect("a quoted key is visible ASCII")
            }
        }
    }

    /// The key that a header's value holds.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`].
    pub fn read(self, value: &HeaderValue) -> Result<IdempotencyKey, InvalidKey> {
        match self {
            Self::Raw => IdempotencyKey::from_header(value),
            Self::StructuredField => {
                let text = value.to_str().map_err(|_| InvalidKey::NotAString)?;
                IdempotencyKey::parse(&unquoted(text).ok_or(InvalidKey::NotAString)?)
            }
        }
    }
}

fn quoted(key: &str) -> String {
    let mut quoted = String::with_capacity(key.len() + 2);
    quoted.push('"');
    for char in key.chars() {
        if matches!(char, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(char);
    }
    quoted.push('"');
    quoted
}

/// `None`: it is not one string, with nothing behind it.
fn unquoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut unquoted = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        unquoted.push(match char {
            '\\' => chars.next().filter(|char| matches!(char, '"' | '\\'))?,
            '"' => return None,
            plain => plain,
        });
    }
    Some(unquoted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(value: &'static str) -> Result<String, InvalidKey> {
        let value = HeaderValue::from_static(value);
        KeyForm::StructuredField
            .read(&value)
            .map(|key| key.to_string())
    }

    #[test]
    fn a_string_is_quoted_and_what_needs_it_is_escaped() {
        let key = IdempotencyKey::parse(r#"a "b" \c"#).unwrap();
        let written = KeyForm::StructuredField.write(&key);
        assert_eq!(written, r#""a \"b\" \\c""#);
        assert_eq!(KeyForm::Raw.write(&key), r#"a "b" \c"#);
    }

    #[test]
    fn what_is_not_one_string_is_refused() {
        assert_eq!(read(r#""a""#).as_deref(), Ok("a"));
        for value in [
            r"a",
            r#""a"#,
            r#"a""#,
            r#"""#,
            r#""a"b""#,
            r#""a\n""#,
            r#""a\""#,
            r#""a";b=1"#,
        ] {
            assert_eq!(read(value), Err(InvalidKey::NotAString), "{value}");
        }
        assert_eq!(read(r#""""#), Err(InvalidKey::Empty));
    }

    #[test]
    fn a_raw_header_beyond_ascii_is_refused_where_it_begins() {
        let value = HeaderValue::from_bytes(b"ab\xff").unwrap();
        let refused = InvalidKey::Character { position: 2 };
        assert_eq!(KeyForm::Raw.read(&value), Err(refused));
    }

    proptest! {
        #[test]
        fn every_key_is_read_back_as_it_was_written(text in "[!-~]([ -~]{0,253}[!-~])?") {
            let key = IdempotencyKey::parse(&text).unwrap();
            for form in [KeyForm::Raw, KeyForm::StructuredField] {
                prop_assert_eq!(form.read(&form.write(&key)), Ok(key.clone()));
            }
        }
    }
}

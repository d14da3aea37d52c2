//! The text of a key.

use std::hash::{Hash, Hasher};

use http::HeaderValue;
use uuid::Uuid;

/// The length of a UUID, which most keys are.
const SHORT: usize = 36;

/// Visible ASCII of any length. What is no longer than a UUID lies in place: it costs no allocation,
/// and its copies share nothing, so that threads do not meet at a reference count.
#[derive(Clone)]
pub(super) struct KeyText(Text);

#[derive(Clone)]
enum Text {
    Short { bytes: [u8; SHORT], length: u8 },
    Long(HeaderValue),
}

impl KeyText {
    /// The text of this header value, which holds visible ASCII.
    pub(super) fn of(value: &HeaderValue) -> Self {
        Self::short(value.as_bytes()).unwrap_or_else(|| Self(Text::Long(value.clone())))
    }

    pub(super) fn of_uuid(uuid: Uuid) -> Self {
        let mut bytes = [0; SHORT];
        uuid.hyphenated().encode_lower(&mut bytes);
        let length = SHORT as u8;
        Self(Text::Short { bytes, length })
    }

    fn short(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; SHORT];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        let length = text.len() as u8;
        Some(Self(Text::Short { bytes, length }))
    }

    pub(super) fn as_str(&self) -> &str {
        let bytes = self.as_bytes();
        std::str::from_utf8(bytes).expect("a key is visible ASCII")
    }

    pub(super) fn len(&self) -> usize {
        self.as_bytes().len()
    }

    pub(super) fn to_header_value(&self) -> HeaderValue {
        match &self.0 {
            Text::Short { .. } => HeaderValue::from_bytes(self.as_bytes())
                .expect("visible ASCII is legal in a header"),
            Text::Long(value) => value.clone(),
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Text::Short { bytes, length } => &bytes[..usize::from(*length).min(SHORT)],
            Text::Long(value) => value.as_bytes(),
        }
    }
}

// By the text alone, wherever it lies.
impl PartialEq for KeyText {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for KeyText {}

impl Hash for KeyText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> KeyText {
        KeyText::of(&HeaderValue::from_str(text).unwrap())
    }

    #[test]
    fn it_is_read_as_it_was_written_on_both_sides_of_a_uuids_length() {
        for length in [1, 35, 36, 37, 255] {
            let written = "k".repeat(length);
            assert_eq!(text(&written).as_str(), written);
            assert_eq!(text(&written).to_header_value(), written);
        }
    }

    #[test]
    fn a_uuid_is_the_same_key_when_a_header_brings_it_back() {
        let uuid = Uuid::from_bytes([0xab; 16]);
        assert!(KeyText::of_uuid(uuid) == text("abababab-abab-abab-abab-abababababab"));
        assert!(KeyText::of_uuid(uuid) != text("abababab-abab-abab-abab-ababababab"));
    }

    #[test]
    fn only_what_is_longer_than_a_uuid_is_kept_elsewhere() {
        assert!(matches!(text(&"k".repeat(36)).0, Text::Short { .. }));
        assert!(matches!(text(&"k".repeat(37)).0, Text::Long(_)));
    }
}

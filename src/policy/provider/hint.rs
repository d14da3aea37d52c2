//! Response headers by which a provider says whether to come again.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};

/// What a provider's response header says about a repeat. Ordered: the later forbids more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Hint {
    /// Come again with the same key: the request was not the trouble. It overrides the status, and
    /// neither the body's, the attempts', the deadline's, the gate's nor the budget's word, nor the
    /// doubt about a request without a key.
    Repeat,
    /// The same, and on a 4xx other than 429 an earlier request with this key may still be under way:
    /// the refusal speaks of this one only, so the outcome is unknown.
    InProgress,
    /// Do not repeat it.
    DoNotRepeat,
    /// This is the stored answer to the first attempt, and will be the same for ever.
    Replayed,
}

/// One header, one value, one meaning.
///
/// ```
/// use http::HeaderName;
/// use seawall::policy::{Hint, HintHeader};
///
/// let overloaded = HintHeader {
///     name: HeaderName::from_static("x-acme-overloaded"),
///     value: "yes".into(),
///     means: Hint::DoNotRepeat,
/// };
/// let mut headers = http::HeaderMap::new();
/// assert!(!overloaded.is_in(&headers));
/// headers.insert("x-acme-overloaded", "Yes".parse().unwrap());
/// assert!(overloaded.is_in(&headers));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HintHeader {
    /// The header.
    pub name: HeaderName,
    /// Its value, in whatever letter case.
    pub value: Cow<'static, str>,
    /// What it means.
    pub means: Hint,
}

impl HintHeader {
    pub(super) const fn new(name: &'static str, value: &'static str, means: Hint) -> Self {
        Self {
            name: HeaderName::from_static(name),
            value: Cow::Borrowed(value),
            means,
        }
    }

    /// Whether a line of these headers says it.
    #[must_use]
    pub fn is_in(&self, headers: &HeaderMap) -> bool {
        let wanted = self.value.as_bytes();
        let says_it = |line: &[u8]| line.trim_ascii().eq_ignore_ascii_case(wanted);
        headers
            .get_all(&self.name)
            .iter()
            .any(|line| says_it(line.as_bytes()))
    }
}

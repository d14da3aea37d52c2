//! Why a person has decided something, in their words.

use std::fmt;
use std::sync::Arc;

/// Long enough for a sentence and a ticket, short enough for every error that carries it.
const LONGEST: usize = 200;

/// Why an operator keeps calls away: a text that is fit for logs and errors. It is shown to whoever
/// sees them, so it is no place for a secret.
///
/// ```
/// use seawall::policy::Reason;
///
/// let reason = Reason::new(" gateway maintenance,\n ticket 4711 ").expect("not blank");
/// assert_eq!(reason.as_str(), "gateway maintenance, ticket 4711");
/// assert!(Reason::new(" \n").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(Arc<str>);

impl Reason {
    /// The text in one line: white space is a single space, control characters and marks that change
    /// the direction of writing are left out, and after 200 characters it is cut. `None`: nothing is
    /// left.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let words: Vec<_> = text.split_whitespace().collect();
        let line = words.join(" ");
        let shown = line.chars().filter(|&c| !is_hidden(c));
        let shown: String = shown.take(LONGEST).collect();
        let shown = shown.trim();
        (!shown.is_empty()).then(|| Self(shown.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_hidden(c: char) -> bool {
    let turns =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}');
    c.is_control() || turns
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        Reason::new(text).map(|reason| reason.to_string())
    }

    #[test]
    fn a_sentence_stays_as_it_is() {
        let text = "Wartung bis 14 Uhr, größere Störung (#4711)";
        assert_eq!(shown(text).as_deref(), Some(text));
    }

    #[test]
    fn what_could_forge_a_log_line_is_left_out() {
        let forged = "down\r\n2026 INFO all is well\u{1b}[2J\u{202e}kcab";
        assert_eq!(
            shown(forged).as_deref(),
            Some("down 2026 INFO all is well[2Jkcab")
        );
    }

    #[test]
    fn a_long_one_is_cut_between_characters() {
        assert_eq!(shown(&"ä".repeat(500)), Some("ä".repeat(200)));
    }

    #[test]
    fn nothing_to_be_seen_is_no_reason() {
        for blank in ["", " ", "\t\n", "\u{0}\u{7f}", "\u{200b} \u{2066}"] {
            assert_eq!(shown(blank), None, "{blank:?}");
        }
    }
}

//! What a server wrote into its `Retry-After`, fit to be shown.

use std::fmt;

use http::{HeaderMap, header};

/// Longer than any form that means something.
const LONGEST: usize = 64;

/// The text of a `Retry-After`, for people: printable ASCII, at most 64 characters. What is neither is
/// shown as `?`, what is longer is cut; several lines are joined by a comma, as HTTP does it.
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
/// use seawall::policy::retry_after::HeaderText;
///
/// let mut headers = HeaderMap::new();
/// headers.append(RETRY_AFTER, HeaderValue::from_static("1200"));
/// headers.append(RETRY_AFTER, HeaderValue::from_static("60"));
/// assert_eq!(HeaderText::of(&headers).as_str(), "1200, 60");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HeaderText {
    text: [u8; LONGEST],
    length: u8,
}

impl HeaderText {
    /// Nothing was written.
    pub const EMPTY: Self = Self {
        text: [0; LONGEST],
        length: 0,
    };

    /// The text of all `Retry-After` lines.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut all = Self::EMPTY;
        for (index, line) in headers.get_all(header::RETRY_AFTER).iter().enumerate() {
            if index > 0 {
                all.push(b", ");
            }
            all.push(line.as_bytes().trim_ascii());
        }
        all
    }

    fn push(&mut self, bytes: &[u8]) {
        let free = self.text.iter_mut().skip(self.length.into());
        for (place, &byte) in free.zip(bytes) {
            let printable = byte == b' ' || byte.is_ascii_graphic();
            *place = if printable { byte } else { b'?' };
            self.length += 1;
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.text.get(..self.length.into()).unwrap_or_default();
        // Only ASCII was put in.
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Display for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn shown(lines: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            let value = HeaderValue::from_bytes(line).unwrap();
            headers.append(header::RETRY_AFTER, value);
        }
        HeaderText::of(&headers).to_string()
    }

    #[test]
    fn what_was_written_is_shown() {
        assert_eq!(shown(&[b"1200"]), "1200");
        let date = "Fri, 20 Nov 2026 12:20:00 GMT";
        assert_eq!(shown(&[date.as_bytes()]), date);
        assert_eq!(shown(&[b"1200", b"soon"]), "1200, soon");
        assert_eq!(shown(&[]), "");
    }

    #[test]
    fn what_is_not_printable_or_too_long_is_not() {
        assert_eq!(shown(&[b"12\xff\t0 \xc3\xa4"]), "12??0 ??");
        assert_eq!(shown(&[b" 60\t"]), "60");
        assert_eq!(shown(&[&[b'9'; 500], b"60"]), "9".repeat(64));
    }
}

//! Headers in one piece.

use http::{HeaderMap, HeaderName, HeaderValue};

/// The headers of a request, copied into one buffer: one allocation, however many there are. Cloning a
/// [`HeaderMap`] costs more, and most copies are never needed.
#[derive(Clone)]
pub(super) struct FlatHeaders {
    /// Line after line: whether its value is sensitive, its name, its value.
    bytes: Vec<u8>,
    /// How many names there are. A name may have more lines than a map has room for names.
    names: usize,
}

/// Before each part stands how long it is.
const LENGTH: usize = size_of::<usize>();

impl FlatHeaders {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let length = |(name, value): (&HeaderName, &HeaderValue)| {
            1 + 2 * LENGTH + name.as_str().len() + value.len()
        };
        let mut bytes = Vec::with_capacity(headers.iter().map(length).sum());
        for (name, value) in headers {
            bytes.push(u8::from(value.is_sensitive()));
            push(&mut bytes, name.as_str().as_bytes());
            push(&mut bytes, value.as_bytes());
        }
        let names = headers.keys_len();
        Self { bytes, names }
    }

    pub(super) fn to_map(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(self.names);
        let mut rest = &*self.bytes;
        while let Some((name, value)) = next_line(&mut rest) {
            headers.append(name, value);
        }
        headers
    }
}

fn push(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&part.len().to_le_bytes());
    bytes.extend_from_slice(part);
}

fn next_line(rest: &mut &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let (is_sensitive, after) = rest.split_first()?;
    *rest = after;
    let name = HeaderName::from_bytes(next_part(rest)?).ok()?;
    let mut value = HeaderValue::from_bytes(next_part(rest)?).ok()?;
    value.set_sensitive(*is_sensitive != 0);
    Some((name, value))
}

fn next_part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let (part, after) = after.split_at_checked(usize::from_le_bytes(*length))?;
    *rest = after;
    Some(part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_header_comes_back_as_it_was(
            lines in proptest::collection::vec(
                ("[a-z][a-z0-9-]{0,40}", proptest::collection::vec(32_u8..=126, 0..300), any::<bool>()),
                0..20,
            ),
        ) {
            let mut headers = HeaderMap::new();
            for (name, value, is_sensitive) in lines {
                let mut value = HeaderValue::from_bytes(&value).unwrap();
                value.set_sensitive(is_sensitive);
                headers.append(HeaderName::try_from(name).unwrap(), value);
            }
            let again = FlatHeaders::of(&headers).to_map();
            let sensitive = |headers: &HeaderMap| {
                headers.values().map(HeaderValue::is_sensitive).collect::<Vec<_>>()
            };
            prop_assert_eq!(sensitive(&again), sensitive(&headers));
            prop_assert_eq!(again, headers);
        }
    }

    #[test]
    fn there_may_be_more_lines_than_there_can_be_names() {
        let mut headers = HeaderMap::new();
        for _ in 0..40_000 {
            headers.append("x-tag", HeaderValue::from_static(""));
        }
        assert_eq!(FlatHeaders::of(&headers).to_map().len(), 40_000);
    }

    #[test]
    fn as_many_names_as_there_can_be_come_back() {
        let mut headers = HeaderMap::new();
        let names = (0..).map(|number| HeaderName::try_from(format!("x-{number}")).unwrap());
        for name in names {
            if headers
                .try_append(name, HeaderValue::from_static(""))
                .is_err()
            {
                break;
            }
        }
        assert!(headers.len() > 20_000);
        assert_eq!(FlatHeaders::of(&headers).to_map().len(), headers.len());
    }

    #[test]
    fn several_lines_of_one_name_and_bytes_beyond_ascii_keep_their_order() {
        let mut headers = HeaderMap::new();
        for value in [&b"one"[..], b"", b"\xff\x80\t"] {
            headers.append("x-tag", HeaderValue::from_bytes(value).unwrap());
            headers.append("accept", HeaderValue::from_static("*/*"));
        }
        let again = FlatHeaders::of(&headers).to_map();
        let lines: Vec<_> = again
            .get_all("x-tag")
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        assert_eq!(lines, [&b"one"[..], b"", b"\xff\x80\t"]);
        assert_eq!(again, headers);
    }
}

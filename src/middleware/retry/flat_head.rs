//! The head of a request in one piece.

use bytes::Bytes;
use http::uri::{Authority, Parts, PathAndQuery};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};

use super::spare_buffers;

/// The URI and the headers of a request, copied into one buffer, which is used again for another call.
/// Cloning them costs more, and most copies are never needed.
pub(super) struct FlatHead {
    /// The three parts of the URI; then line after line, each with how long its name and its value are
    /// and whether that is sensitive.
    bytes: Vec<u8>,
    /// How many names there are. A name may have more lines than a map has room for names.
    names: usize,
}

/// How many bits the length of a name takes: [`HeaderName`] has none that is longer.
const NAME_BITS: u32 = 16;

impl FlatHead {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let mut bytes = spare_buffers::take();
        let (uri, headers) = (request.uri(), request.headers());
        // What is not there has no length: no part that is there is empty.
        push(&mut bytes, uri.scheme_str().unwrap_or_default().as_bytes());
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        push(&mut bytes, authority.as_bytes());
        let target = uri.path_and_query().map_or("", |target| target.as_str());
        push(&mut bytes, target.as_bytes());
        for (name, value) in headers {
            push_line(&mut bytes, name.as_str().as_bytes(), value);
        }
        let names = headers.keys_len();
        Self { bytes, names }
    }

    /// The path and the query of its URI; empty if it has none.
    pub(super) fn target(&self) -> &[u8] {
        let mut rest = &*self.bytes;
        let parts = [(); 3].map(|()| next_part(&mut rest).unwrap_or_default());
        parts[2]
    }

    pub(super) fn uri_and_headers(&self) -> (Uri, HeaderMap) {
        // All parts share one copy.
        let copy = Bytes::copy_from_slice(&self.bytes);
        let mut rest = &*copy;
        let uri = next_uri(&copy, &mut rest).expect("its parts were those of a URI");
        let mut headers = HeaderMap::with_capacity(self.names);
        while let Some((name, value)) = next_line(&copy, &mut rest) {
            headers.append(name, value);
        }
        (uri, headers)
    }
}

impl Drop for FlatHead {
    fn drop(&mut self) {
        spare_buffers::give_back(std::mem::take(&mut self.bytes));
    }
}

fn push(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
    bytes.extend_from_slice(part);
}

/// Both lengths, and whether the value is sensitive, are one word.
fn push_line(bytes: &mut Vec<u8>, name: &[u8], value: &HeaderValue) {
    let lengths = (value.len() as u64) << NAME_BITS | name.len() as u64;
    let start = lengths << 1 | u64::from(value.is_sensitive());
    bytes.extend_from_slice(&start.to_le_bytes());
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(value.as_bytes());
}

fn next_uri(copy: &Bytes, rest: &mut &[u8]) -> Option<Uri> {
    let mut parts = Parts::default();
    let mut next = || next_part(rest).map(|part| Some(part).filter(|part| !part.is_empty()));
    let shared = |part: &[u8]| copy.slice_ref(part);
    parts.scheme = next()?.map(TryFrom::try_from).transpose().ok()?;
    let authority = next()?.map(shared).map(Authority::from_maybe_shared);
    parts.authority = authority.transpose().ok()?;
    let target = next()?.map(shared).map(PathAndQuery::from_maybe_shared);
    parts.path_and_query = target.transpose().ok()?;
    Uri::from_parts(parts).ok()
}

fn next_line(copy: &Bytes, rest: &mut &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let start = next_word(rest)?;
    let (lengths, is_sensitive) = (start >> 1, start & 1 != 0);
    let name = next(rest, lengths & ((1 << NAME_BITS) - 1))?;
    let value = next(rest, lengths >> NAME_BITS)?;
    let name = HeaderName::from_bytes(name).ok()?;
    let mut value = HeaderValue::from_maybe_shared(copy.slice_ref(value)).ok()?;
    value.set_sensitive(is_sensitive);
    Some((name, value))
}

fn next_part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = next_word(rest)?;
    next(rest, length)
}

fn next_word(rest: &mut &[u8]) -> Option<u64> {
    let (word, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u64::from_le_bytes(*word))
}

fn next<'a>(rest: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (part, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn again(headers: &HeaderMap) -> HeaderMap {
        let mut request = Request::new(());
        *request.headers_mut() = headers.clone();
        FlatHead::of(&request).uri_and_headers().1
    }

    fn uri_again(uri: &Uri) -> Uri {
        let request = Request::get(uri.clone()).body(()).unwrap();
        FlatHead::of(&request).uri_and_headers().0
    }

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
            let again = again(&headers);
            let sensitive = |headers: &HeaderMap| {
                headers.values().map(HeaderValue::is_sensitive).collect::<Vec<_>>()
            };
            prop_assert_eq!(sensitive(&again), sensitive(&headers));
            prop_assert_eq!(again, headers);
        }

        #[test]
        fn every_uri_comes_back_as_it_was(
            text in "(https?://([a-z:]{1,8}@)?([a-zA-Z0-9.-]{1,12}|\\[::1\\])(:[0-9]{1,4})?)?(/[!$-;=?-Z_a-z~]{0,30})?",
        ) {
            if let Ok(uri) = Uri::try_from(&text) {
                let again = uri_again(&uri);
                prop_assert_eq!(again.to_string(), uri.to_string());
                prop_assert_eq!(again, uri);
            }
        }
    }

    #[test]
    fn uris_of_every_form_come_back() {
        for text in [
            "*",
            "/",
            "/a?b",
            "gateway.test:443",
            "https://gateway.test",
            "http://gateway.test?q",
            "https://user:pass@[::1]:8443/a/b?c=d&e",
            "ftp+x://a.test/%20%ff",
        ] {
            let uri: Uri = text.parse().unwrap();
            assert_eq!(uri_again(&uri), uri, "{text}");
            assert_eq!(uri_again(&uri).to_string(), uri.to_string());
        }
    }

    #[test]
    fn the_target_is_what_stands_behind_the_authority() {
        let request = |uri: &str| Request::get(uri).body(()).unwrap();
        let long = FlatHead::of(&request("https://gateway.test/pay?id=1"));
        assert_eq!(long.target(), b"/pay?id=1");
        assert_eq!(FlatHead::of(&request("gateway.test:443")).target(), b"");
    }

    #[test]
    fn a_buffer_is_used_again_and_holds_nothing_of_the_call_before() {
        let mut long = Request::get("https://gateway.test/a/long/path")
            .body(())
            .unwrap();
        long.headers_mut()
            .insert("x-long", HeaderValue::from_static("value"));
        drop(FlatHead::of(&long));
        let short = FlatHead::of(&Request::get("/").body(()).unwrap());
        assert!(short.bytes.capacity() > short.bytes.len());
        let (uri, headers) = short.uri_and_headers();
        assert!(uri == "/" && headers.is_empty());
    }

    #[test]
    fn there_may_be_more_lines_than_there_can_be_names() {
        let mut headers = HeaderMap::new();
        for _ in 0..40_000 {
            headers.append("x-tag", HeaderValue::from_static(""));
        }
        assert_eq!(again(&headers).len(), 40_000);
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
        assert_eq!(again(&headers).len(), headers.len());
    }

    #[test]
    fn the_longest_name_and_a_value_that_is_longer_come_back() {
        let mut headers = HeaderMap::new();
        let name = HeaderName::try_from("x".repeat((1 << NAME_BITS) - 1)).unwrap();
        let mut value = HeaderValue::try_from("v".repeat(1 << NAME_BITS)).unwrap();
        value.set_sensitive(true);
        headers.append(name, value);
        headers.append("accept", HeaderValue::from_static("*/*"));
        let again = again(&headers);
        assert!(again == headers && again.values().next().unwrap().is_sensitive());
        assert!(HeaderName::try_from("x".repeat(1 << NAME_BITS)).is_err());
    }

    #[test]
    fn several_lines_of_one_name_and_bytes_beyond_ascii_keep_their_order() {
        let mut headers = HeaderMap::new();
        for value in [&b"one"[..], b"", b"\xff\x80\t"] {
            headers.append("x-tag", HeaderValue::from_bytes(value).unwrap());
            headers.append("accept", HeaderValue::from_static("*/*"));
        }
        let read = again(&headers);
        let lines: Vec<_> = read
            .get_all("x-tag")
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        assert_eq!(lines, [&b"one"[..], b"", b"\xff\x80\t"]);
        assert_eq!(read, headers);
    }
}

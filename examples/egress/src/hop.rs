//! Headers that are for the next hop only (RFC 9110 section 7.6.1).

use http::header::{
    CONNECTION, CONTENT_LENGTH, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING,
    UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Those that are taken away whether `Connection` names them or not. A proxy's own challenge and its
/// answer are among them: this side asks nobody for a password, and passes none on.
const ALWAYS: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("proxy-authentication-info"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Takes away what was for this hop: the fields that `Connection` names, and those above. What is
/// left tells one length, or none.
pub(crate) fn strip(headers: &mut HeaderMap) {
    for name in named(headers) {
        headers.remove(name);
    }
    if let Some(length) = length(headers) {
        headers.insert(CONTENT_LENGTH, length.into());
    } else {
        headers.remove(CONTENT_LENGTH);
    }
    for name in ALWAYS {
        headers.remove(name);
    }
}

/// Whether the sender takes trailers. That can be passed on: this side passes trailers back.
pub(crate) fn takes_trailers(headers: &HeaderMap) -> bool {
    members(headers, &TE).any(|member| {
        let coding = member.split(|byte| *byte == b';').next();
        coding.is_some_and(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"trailers"))
    })
}

/// Whether the sender wants another protocol on this connection. To `h2c` an answer in HTTP/1.1 is
/// as good: some clients offer it with every request, and RFC 9113 has given it up.
pub(crate) fn wants_upgrade(headers: &HeaderMap) -> bool {
    members(headers, &UPGRADE).any(|protocol| !protocol.eq_ignore_ascii_case(b"h2c"))
}

/// Whether the body has another transfer coding than `chunked`, once. It would be lost here, and the
/// body with it.
pub(crate) fn is_coded(headers: &HeaderMap) -> bool {
    let mut codings = members(headers, &TRANSFER_ENCODING).enumerate();
    codings.any(|(before, coding)| before > 0 || !coding.eq_ignore_ascii_case(b"chunked"))
}

/// Whether `Connection` names this field.
pub(crate) fn names(headers: &HeaderMap, field: &HeaderName) -> bool {
    named(headers).contains(field)
}

/// How long the body is by its header. Several lengths that are the same are one (RFC 9110 section
/// 8.6); beside a transfer coding it is not meant (RFC 9112 section 6.3).
fn length(headers: &HeaderMap) -> Option<u64> {
    let mut lengths = members(headers, &CONTENT_LENGTH).map(number);
    let length = lengths.next()??;
    let is_meant = !headers.contains_key(TRANSFER_ENCODING);
    (is_meant && lengths.all(|other| other == Some(length))).then_some(length)
}

fn number(digits: &[u8]) -> Option<u64> {
    let is_digits = digits.iter().all(u8::is_ascii_digit);
    let text = str::from_utf8(digits).ok().filter(|_| is_digits)?;
    text.parse().ok()
}

/// What `Connection` names.
fn named(headers: &HeaderMap) -> Vec<HeaderName> {
    members(headers, &CONNECTION)
        .filter_map(|name| HeaderName::from_bytes(name).ok())
        .collect()
}

/// The members of a comma-separated list, over all of its lines.
pub(crate) fn members<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a [u8]> {
    headers
        .get_all(name)
        .iter()
        .map(HeaderValue::as_bytes)
        .flat_map(|line| line.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn what_is_for_one_hop_ends_here_and_the_rest_goes_on() {
        let mut seen = headers(&[
            ("connection", "keep-alive, X-One"),
            ("connection", "close, , x-two"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authorization", "Basic s3cret"),
            ("proxy-authenticate", "Basic"),
            ("proxy-authentication-info", "nextnonce=1"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("x-one", "1"),
            ("x-two", "2"),
            ("x-three", "3"),
            ("authorization", "Bearer s3cret"),
            ("trailer", "x-sum"),
        ]);
        strip(&mut seen);
        let mut left: Vec<_> = seen.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["authorization", "trailer", "x-three"]);
    }

    #[test]
    fn a_length_is_told_once_or_not_at_all() {
        let length = ("content-length", "7");
        for (lines, told) in [
            (&[][..], None),
            (&[length], Some("7")),
            (&[length, length], Some("7")),
            (&[("content-length", "7, 7")], Some("7")),
            (&[length, ("content-length", "8")], None),
            (&[("content-length", "+7")], None),
            (&[length, ("transfer-encoding", "chunked")], None),
            (&[length, ("connection", "content-length")], None),
        ] {
            let mut seen = headers(lines);
            strip(&mut seen);
            let lengths: Vec<_> = seen.get_all(CONTENT_LENGTH).iter().collect();
            assert_eq!(lengths, Vec::from_iter(told), "{lines:?}");
        }
    }

    #[test]
    fn a_body_is_coded_by_anything_but_chunks() {
        for (lines, coded) in [
            (&[][..], false),
            (&[("transfer-encoding", "Chunked")], false),
            (&[("transfer-encoding", "gzip, chunked")], true),
            (&[("transfer-encoding", "chunked, chunked")], true),
            (&[("transfer-encoding", "identity")], true),
        ] {
            assert_eq!(is_coded(&headers(lines)), coded, "{lines:?}");
        }
    }

    #[test]
    fn trailers_are_taken_by_who_says_so() {
        for (te, takes) in [
            ("trailers", true),
            ("gzip;q=0.5, Trailers", true),
            ("gzip", false),
            ("x-trailers", false),
        ] {
            assert_eq!(takes_trailers(&headers(&[("te", te)])), takes, "{te}");
        }
        assert!(!takes_trailers(&HeaderMap::new()));
    }

    #[test]
    fn h2c_is_no_wish_that_has_to_be_granted() {
        for (upgrade, wants) in [
            ("websocket", true),
            ("h2c", false),
            ("h2c, websocket", true),
        ] {
            let seen = headers(&[("upgrade", upgrade)]);
            assert_eq!(wants_upgrade(&seen), wants, "{upgrade}");
        }
        assert!(!wants_upgrade(&HeaderMap::new()));
    }
}

//! The upstream's URL.

use http::Uri;

use super::super::transport::check_authority;
use crate::config::Violation;

/// The URL without a slash at its end. What is refused is not shown: it may hold a credential.
pub(super) fn check(url: &str) -> Result<String, Violation> {
    let refused = |problem: &str, fix: &str| Err(Violation::nonsense(&["url"], problem, fix));
    // The parser takes a fragment, and forgets it.
    if url.contains(['?', '#']) {
        return refused(
            "the URL has a query or a fragment",
            "end it with the path, requests bring their own",
        );
    }
    let Ok(uri) = url.parse::<Uri>() else {
        return refused(
            "the URL is not one",
            "write an absolute one, such as `https://gateway.example/v1`",
        );
    };
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return refused(
            "the URL's scheme is not one to send to",
            "use http or https",
        );
    }
    match check_authority(&uri) {
        Ok(()) => Ok(url.trim_end_matches('/').to_owned()),
        // Its text says which part it is, without that part.
        Err(invalid) => refused("the URL is refused", &invalid.to_string()),
    }
}

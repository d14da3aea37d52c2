//! The upstream's URL.

use http::Uri;

use crate::config::Violation;
#[cfg(feature = "serde")]
use crate::middleware::require_https::is_exposed;
use crate::on_hyper::check::check_authority;

/// The URL without a slash at its end. What is refused is not shown: it may hold a credential.
pub(crate) fn check(setting: &'static [&'static str], url: &str) -> Result<String, Violation> {
    let refused = |problem: &str, fix: &str| Err(Violation::nonsense(setting, problem, fix));
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

/// Refuses at the start what every call would be refused for.
#[cfg(feature = "serde")]
pub(super) fn check_exposure(url: &str, requires_https: bool) -> Result<(), Violation> {
    let is_refused = requires_https && url.parse::<Uri>().is_ok_and(|uri| is_exposed(&uri));
    if is_refused {
        let fix = "use https, or turn `require_https` off and allow `plain-http` with a rationale";
        let problem = "the URL is plain HTTP, and the policy refuses that beyond loopback";
        return Err(Violation::nonsense(&["url", "require_https"], problem, fix));
    }
    Ok(())
}

//! A request's method, as one of a few names.

use http::Method;

/// The method's name where it is a usual one, else `_OTHER`, as the OpenTelemetry conventions have it:
/// whoever makes methods up does not make up time series.
pub(super) fn name(method: &Method) -> &'static str {
    match *method {
        Method::CONNECT => "CONNECT",
        Method::DELETE => "DELETE",
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::TRACE => "TRACE",
        _ => "_OTHER",
    }
}

/// What the caller has named it, where its [`name`] does not say it: for a span, of which a new one
/// costs nothing.
pub(super) fn original(method: &Method) -> Option<&str> {
    (name(method) == "_OTHER").then(|| method.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_method_is_one_of_many_others() {
        assert_eq!(name(&Method::POST), "POST");
        assert_eq!(original(&Method::POST), None);
        for made_up in ["post", "PURGE"] {
            let method = Method::from_bytes(made_up.as_bytes()).unwrap();
            assert_eq!(name(&method), "_OTHER");
            assert_eq!(original(&method), Some(made_up));
        }
    }
}

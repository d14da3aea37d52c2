//! What a figure is about.

use std::sync::Arc;

use http::{Method, StatusCode};

use super::instrument::label;
use crate::event::{AttemptEnd, method};

/// What a figure is about: names and values.
pub(in crate::event) type Labels = Vec<(&'static str, Value)>;

/// The value of a label.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::event) enum Value {
    Name(&'static str),
    Text(Arc<str>),
    Number(u16),
}

/// Where an upstream is. Their number is bounded, as that of the upstreams remembered is.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    upstream: Arc<str>,
    client: Option<Arc<str>>,
    scheme: &'static str,
    address: Arc<str>,
    port: u16,
}

impl Place {
    /// Of an upstream's name: `https://gateway.example:443#reports`. What is not of that form, as the
    /// shared state of the overflow, is its own address.
    pub(super) fn new(upstream: &str, client: Option<&Arc<str>>) -> Self {
        let origin = upstream.split('#').next().unwrap_or_default();
        let (scheme, authority) = match origin.split_once("://") {
            Some(("http", authority)) => ("http", authority),
            Some((_, authority)) => ("https", authority),
            None => ("", origin),
        };
        let (address, port) = match authority.rsplit_once(':') {
            Some((address, port)) => (address, port.parse().unwrap_or_default()),
            None => (authority, 0),
        };
        Self {
            upstream: upstream.into(),
            client: client.cloned(),
            scheme,
            address: address.into(),
            port,
        }
    }

    /// The upstream, and one thing more.
    pub(super) fn with(&self, name: &'static str, value: Value) -> Labels {
        let mut labels = self.alone();
        labels.push((name, value));
        labels
    }

    /// The upstream.
    pub(super) fn alone(&self) -> Labels {
        let mut labels = Vec::with_capacity(8);
        labels.push((label::UPSTREAM, Value::Text(Arc::clone(&self.upstream))));
        if let Some(client) = &self.client {
            labels.push((label::CLIENT, Value::Text(Arc::clone(client))));
        }
        labels
    }

    /// The upstream, where it is, and the method.
    pub(super) fn requested(&self, method: &Method) -> Labels {
        let mut labels = self.with(label::METHOD, Value::Name(method::name(method)));
        labels.extend([
            (label::ADDRESS, Value::Text(Arc::clone(&self.address))),
            (label::PORT, Value::Number(self.port)),
            (label::SCHEME, Value::Name(self.scheme)),
        ]);
        labels
    }

    /// The same, and how it ended.
    pub(super) fn ended(&self, method: &Method, end: AttemptEnd) -> Labels {
        let mut labels = self.requested(method);
        if let Some(status) = end.http_status() {
            labels.push((label::STATUS, Value::of_status(status)));
        }
        if end.error_type().is_some() {
            labels.push((label::ERROR, Value::of_end(end)));
        }
        labels
    }
}

impl Value {
    pub(super) fn of_status(status: StatusCode) -> Self {
        Self::Number(status.as_u16())
    }

    /// The status code as text, or the name of gRPC's code or of the failure.
    pub(super) fn of_end(end: AttemptEnd) -> Self {
        match end {
            AttemptEnd::Status(status) => Self::Text(status.as_str().into()),
            AttemptEnd::Grpc(code) => Self::Name(code.as_str()),
            AttemptEnd::Failure(failure) => Self::Name(failure.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Failure;
    use crate::policy::grpc::Code;

    #[test]
    fn a_name_is_taken_apart() {
        let place = |name| {
            let place = Place::new(name, None);
            (place.scheme, place.address.to_string(), place.port)
        };
        assert_eq!(
            place("https://gateway.test:443"),
            ("https", "gateway.test".into(), 443)
        );
        assert_eq!(
            place("http://[::1]:8080#reports"),
            ("http", "[::1]".into(), 8080)
        );
        assert_eq!(place("overflow"), ("", "overflow".into(), 0));
    }

    fn values(labels: &Labels, name: &str) -> Vec<Value> {
        let of_this = labels.iter().filter(|(label, _)| *label == name);
        of_this.map(|(_, value)| value.clone()).collect()
    }

    #[test]
    fn only_what_failed_has_an_error_and_only_an_answer_a_status() {
        let place = Place::new("https://gateway.test:443", None);
        let ended = |end| {
            let labels = place.ended(&Method::GET, end);
            [label::STATUS, label::ERROR].map(|name| values(&labels, name))
        };
        assert_eq!(
            ended(AttemptEnd::Status(StatusCode::OK)),
            [vec![Value::Number(200)], vec![]]
        );
        assert_eq!(
            ended(AttemptEnd::Status(StatusCode::PAYMENT_REQUIRED)),
            [vec![Value::Number(402)], vec![Value::Text("402".into())]]
        );
        assert_eq!(
            ended(AttemptEnd::Grpc(Code::Unavailable)),
            [vec![Value::Number(200)], vec![Value::Name("UNAVAILABLE")]]
        );
        assert_eq!(
            ended(AttemptEnd::Failure(Failure::Reset)),
            [vec![], vec![Value::Name("reset")]]
        );
    }

    #[test]
    fn an_unusual_method_makes_no_series_of_its_own() {
        let place = Place::new("https://gateway.test:443", None);
        let labels = place.requested(&Method::from_bytes(b"PURGE").unwrap());
        assert_eq!(values(&labels, label::METHOD), [Value::Name("_OTHER")]);
    }

    #[test]
    fn a_named_client_is_told_apart() {
        let client = Arc::from("payments");
        let named = Place::new("https://gateway.test:443", Some(&client)).alone();
        assert_eq!(values(&named, label::CLIENT), [Value::Text(client)]);
        let nameless = Place::new("https://gateway.test:443", None).alone();
        assert_eq!(values(&nameless, label::CLIENT), []);
    }
}

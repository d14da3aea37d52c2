//! A provider's profile in a file: the name of a ready-made one, or a table over one.

use std::fmt;

use http::HeaderName;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Span;
use crate::policy::idempotency::KeyForm;
use crate::policy::{Conflict, Hint, HintHeader, Provider};

/// A ready-made profile.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Profile {
    Generic,
    Stripe,
    Adyen,
    Ietf,
    None,
}

impl Profile {
    const ALL: [Self; 5] = [
        Self::Generic,
        Self::Stripe,
        Self::Adyen,
        Self::Ietf,
        Self::None,
    ];

    pub(crate) fn provider(self) -> Provider {
        match self {
            Self::Generic => Provider::generic(),
            Self::Stripe => Provider::stripe(),
            Self::Adyen => Provider::adyen(),
            Self::Ietf => Provider::ietf(),
            Self::None => Provider::none(),
        }
    }
}

impl Serialize for Provider {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut ready_made = Profile::ALL.into_iter();
        match ready_made.find(|profile| profile.provider() == *self) {
            Some(profile) => profile.serialize(serializer),
            None => WrittenProvider::from(self).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ProviderVisitor)
    }
}

struct ProviderVisitor;

impl<'de> de::Visitor<'de> for ProviderVisitor {
    type Value = Provider;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a profile, such as \"generic\", or a table with its `profile`")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Provider, E> {
        Profile::deserialize(StrDeserializer::new(name)).map(Profile::provider)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, table: A) -> Result<Provider, A::Error> {
        let written = WrittenProvider::deserialize(MapAccessDeserializer::new(table))?;
        Ok(written.into())
    }
}

/// What is left out is the profile's.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenProvider {
    profile: Profile,
    name: Option<String>,
    honours_keys: Option<bool>,
    key_header: Option<Header>,
    key_form: Option<KeyForm>,
    max_key_length: Option<usize>,
    key_life: Option<Span>,
    conflict: Option<Conflict>,
    vouches_for_503: Option<bool>,
    credential_header: Option<Header>,
    account_header: Option<Header>,
    rate_per_second: Option<f64>,
    hints: Option<Vec<WrittenHint>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenHint {
    name: Header,
    value: String,
    means: Hint,
}

impl From<WrittenProvider> for Provider {
    fn from(written: WrittenProvider) -> Self {
        let profile = written.profile.provider();
        let hints = |hints: Vec<_>| hints.into_iter().map(HintHeader::from).collect();
        let account = written.account_header.map(|header| header.0);
        Self {
            name: written.name.map_or(profile.name, Into::into),
            honours_keys: written.honours_keys.unwrap_or(profile.honours_keys),
            key_header: written.key_header.map_or(profile.key_header, |h| h.0),
            key_form: written.key_form.unwrap_or(profile.key_form),
            max_key_length: written.max_key_length.unwrap_or(profile.max_key_length),
            key_life: written.key_life.map_or(profile.key_life, Span::into),
            conflict: written.conflict.unwrap_or(profile.conflict),
            vouches_for_503: written.vouches_for_503.unwrap_or(profile.vouches_for_503),
            hints: written.hints.map_or(profile.hints, hints),
            credential_header: written
                .credential_header
                .map_or(profile.credential_header, |header| header.0),
            account_header: account.or(profile.account_header),
            rate_per_second: written.rate_per_second.or(profile.rate_per_second),
        }
    }
}

impl From<&Provider> for WrittenProvider {
    fn from(provider: &Provider) -> Self {
        Self {
            // The one without an account header, a rate or hints: what is not written is not there.
            profile: Profile::Generic,
            name: Some(provider.name.clone().into_owned()),
            honours_keys: Some(provider.honours_keys),
            key_header: Some(Header(provider.key_header.clone())),
            key_form: Some(provider.key_form),
            max_key_length: Some(provider.max_key_length),
            key_life: Some(Span(provider.key_life)),
            conflict: Some(provider.conflict),
            vouches_for_503: Some(provider.vouches_for_503),
            credential_header: Some(Header(provider.credential_header.clone())),
            account_header: provider.account_header.clone().map(Header),
            rate_per_second: provider.rate_per_second,
            hints: Some(provider.hints.iter().map(WrittenHint::from).collect()),
        }
    }
}

impl From<WrittenHint> for HintHeader {
    fn from(written: WrittenHint) -> Self {
        Self {
            name: written.name.0,
            value: written.value.into(),
            means: written.means,
        }
    }
}

impl From<&HintHeader> for WrittenHint {
    fn from(hint: &HintHeader) -> Self {
        Self {
            name: Header(hint.name.clone()),
            value: hint.value.clone().into_owned(),
            means: hint.means,
        }
    }
}

/// A header's name, in whatever letter case.
#[derive(Debug)]
struct Header(HeaderName);

impl Serialize for Header {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        HeaderName::from_bytes(name.as_bytes())
            .map(Self)
            .map_err(|_| {
                de::Error::custom(format!(
                    "the header name {name:?} is not valid: use letters, digits and hyphens"
                ))
            })
    }
}

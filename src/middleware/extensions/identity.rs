//! Who makes a call, as its upstream counts it, and by which key: known by hashes alone.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock};

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Request};

use super::RateLimitKey;
use crate::Provider;
use crate::middleware::credentials::{Bound, Sources};
use crate::policy::idempotency::IdempotencyKey;

/// Who the upstream counts a request against: its credential, the account in whose name it is made,
/// and the caller's finer key.
#[derive(Clone)]
pub(crate) struct Identity {
    credential: Whose,
    account: Option<HeaderValue>,
    finer: Option<RateLimitKey>,
}

/// Where the credential is.
#[derive(Clone)]
enum Whose {
    /// In the request, if there is one.
    Callers(Option<HeaderValue>),
    /// With the source that a layer further down will ask.
    Source(Arc<Bound>),
}

impl Whose {
    /// Asked for when it matters: a source may have another by then, and a healthy call never asks.
    fn value(&self) -> Option<HeaderValue> {
        match self {
            Self::Callers(value) => value.clone(),
            Self::Source(source) => Some(source.current()?.into_value()),
        }
    }
}

impl fmt::Debug for Identity {
    /// Nothing of the credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl Identity {
    /// Nobody in particular.
    pub(crate) const NOBODY: Self = Self {
        credential: Whose::Callers(None),
        account: None,
        finer: None,
    };

    pub(crate) fn of<B>(request: &Request<B>, provider: &Provider, sources: &Sources) -> Self {
        let header = |name: &HeaderName| request.headers().get(name).cloned();
        let credential = match sources.of(request) {
            Some((source, _)) => Whose::Source(Arc::clone(source)),
            // Who has no credential of the provider's kind may have one of the usual kind.
            None => Whose::Callers(
                header(&provider.credential_header).or_else(|| header(&AUTHORIZATION)),
            ),
        };
        Self {
            credential,
            account: provider.account_header.as_ref().and_then(header),
            finer: request.extensions().get().cloned(),
        }
    }

    /// Its rate-limit key. Only this keyed hash is kept, and it never leaves the process.
    pub(crate) fn rate_key(&self) -> u64 {
        HASHES
            .hash_one((self.credential.value(), &self.account, &self.finer))
            .max(1)
    }
}

/// Made anew in each process: whoever sees a hash cannot search for the credential behind it, and who
/// chooses a business id cannot choose whose key it collides with.
static HASHES: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// An idempotency key is recognised by its hash; it is not kept itself.
pub(crate) fn hash(key: &IdempotencyKey) -> u64 {
    HASHES.hash_one(key)
}

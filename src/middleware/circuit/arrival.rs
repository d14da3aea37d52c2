//! A call as it arrives at the circuit, with what is cheap to know of it.

use std::sync::Arc;
use std::time::Instant;

use http::Request;

use super::admission::Candidate;
use super::admitted::Admitted;
use crate::middleware::admission::{Applicant, key_of, patience_ends, priority_of, refusal};
use crate::middleware::extensions::{Identity, Resend, Throttled};
use crate::policy::circuit::{Call, Permit};
use crate::upstream::Held;
use crate::{CredentialsLayer, Error, Policy, Upstreams, clock};

/// A call as it arrives at the circuit.
pub(super) struct Arrival {
    upstream: Held,
    now: Instant,
    /// What the retry layer says of a retry.
    resend: Option<Resend>,
    /// What a throttle of the same upstream has done for it: that one has seen it arrive.
    throttled: Option<Throttled>,
}

impl Arrival {
    pub(super) fn of<B>(request: &mut Request<B>, upstreams: &Upstreams) -> Self {
        // Taken out: what the layers above say here concerns no circuit further down.
        let extensions = request.extensions_mut();
        let resend = extensions.remove();
        let throttled = extensions.remove::<Throttled>();
        let upstream = upstreams.hold(request);
        let is_ours = |throttled: &Throttled| Arc::ptr_eq(&throttled.upstream, &upstream);
        Self {
            throttled: throttled.filter(is_ours),
            upstream,
            now: clock::now(),
            resend,
        }
    }

    /// The quick way in, while nothing is wrong.
    pub(super) fn permit<B>(&self, request: &Request<B>, policy: &Policy) -> Option<Permit> {
        let call = Call {
            priority: priority_of(request),
            ..Call::default()
        };
        if !self.is_new() {
            return self.upstream.admit_untroubled(self.now, &call);
        }
        let key = || key_of(request, policy);
        self.upstream.begin(self.now, &call, key)
    }

    /// The attempt that goes in by it.
    pub(super) fn admitted<B>(
        self,
        permit: Permit,
        request: &Request<B>,
        policy: &Policy,
        credentials: &CredentialsLayer,
    ) -> Admitted {
        let admitted = Admitted {
            permit: Some(permit),
            since: self.now,
            number: self.number(),
            alarm_after: credentials.alarms_after(),
            method: request.method().clone(),
            identity: Identity::of(request, policy.provider(), credentials.sources()),
            honours_retry_after: policy.honours_retry_after(),
            throttled: self.throttled.is_some(),
            upstream: self.upstream,
        };
        admitted.tell_of_start();
        admitted
    }

    /// The quick way out, while an open circuit or a closed gate keeps it away.
    pub(super) fn turned_away<B>(
        &self,
        request: &Request<B>,
        upstreams: &Upstreams,
        credentials: &CredentialsLayer,
    ) -> Option<Error> {
        let patience_ends = match &self.throttled {
            Some(throttled) => throttled.patience_ends,
            None => patience_ends(request, self.now),
        };
        let mut call = Call {
            priority: priority_of(request),
            patience: patience_ends.saturating_duration_since(self.now),
            ..Call::default()
        };
        if self.upstream.gates_keys() {
            let policy = upstreams.seen_policy_of(request);
            let identity = Identity::of(request, policy.provider(), credentials.sources());
            call.rate_key = identity.rate_key();
        }
        let turned_away = self.upstream.turn_away(self.now, &call, || {
            let key = key_of(request, &upstreams.seen_policy_of(request));
            self.arrive(Call { key, ..call });
            key
        })?;
        Some(refusal(&self.upstream, self.now, turned_away))
    }

    /// A call that has to ask.
    pub(super) fn candidate<B>(
        self,
        request: &Request<B>,
        upstreams: &Upstreams,
        credentials: &CredentialsLayer,
    ) -> Candidate {
        let (is_new, number) = (self.is_new(), self.number());
        let (upstream, sources) = (Arc::clone(&self.upstream), credentials.sources());
        let mut applicant =
            Applicant::of(self.now, request, self.resend, upstream, upstreams, sources);
        if let Some(throttled) = &self.throttled {
            applicant.heed(throttled);
        }
        if is_new {
            applicant.upstream.arrive(self.now, &applicant.call);
        }
        Candidate {
            applicant,
            number,
            alarm_after: credentials.alarms_after(),
            method: request.method().clone(),
            honours_retry_after: upstreams.policy_of(request).honours_retry_after(),
            throttled: self.throttled.is_some(),
        }
    }

    /// The attempt's number in its call.
    fn number(&self) -> u32 {
        self.resend.as_ref().map_or(1, |resend| resend.number)
    }

    fn is_new(&self) -> bool {
        self.resend.is_none() && self.throttled.is_none()
    }

    fn arrive(&self, call: Call) {
        if self.is_new() {
            self.upstream.arrive(self.now, &call);
        }
    }
}

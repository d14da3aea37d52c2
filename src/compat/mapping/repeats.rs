//! What may be repeated at all.

use http::{HeaderMap, Method, StatusCode};

use super::Findings;
use crate::compat::Config;
use crate::policy::classify::repeat;
use crate::policy::{Guarantee, Outcome, Repeat};
use crate::{Policy, Rule};

pub(super) struct Repeats {
    pub(super) honours_retry_after: bool,
    pub(super) unkeyed: bool,
    pub(super) injects_keys: bool,
    pub(super) requires_https: bool,
}

pub(super) fn map(config: &Config, preset: &Policy, findings: &mut Findings<'_>) -> Repeats {
    statuses(config, preset, findings);
    redirects(config, findings);
    let (unkeyed, injects_keys) = posts(config, preset, findings);
    Repeats {
        honours_retry_after: !ignores_retry_after(config, findings),
        unkeyed,
        injects_keys,
        requires_https: preset.requires_https() && !findings.allows(Rule::PlainHttp),
    }
}

/// Whether a POST without a key is repeated, and whether one is given a key.
fn posts(config: &Config, preset: &Policy, findings: &mut Findings<'_>) -> (bool, bool) {
    const FIELD: &str = "retry_non_idempotent";
    const TWICE: &str = "a client repeats a request whose method is not idempotent only if it knows \
        that this is harmless (RFC 9110 section 9.2.2)";
    const UNSENT: &str = "what never reached the server cannot be done twice (RFC 9113 section 8.7 lets \
        a client retry it, whatever its method)";
    let gives_keys = preset.injects_key_into(&Method::POST);
    let honoured = gives_keys && preset.provider().honours_keys_on(&Method::POST);
    match config.retry_non_idempotent {
        // Nothing would be repeated.
        asked if config.max_retries == 0 => (false, gives_keys && asked != Some(false)),
        Some(false) => {
            findings.change(
                FIELD,
                "POST and PATCH are not retried",
                "POST and PATCH are sent again only if the first one provably never arrived",
                UNSENT,
            );
            (false, false)
        }
        _ if honoured => {
            findings.change(
                FIELD,
                "POST and PATCH are retried without a key",
                "POST and PATCH are given an idempotency key, and are sent again with it",
                "a provider that honours the key charges once, however often it is asked: in the \
                 incident of November 2025 only luck prevented double charges",
            );
            (false, true)
        }
        Some(true) => {
            let problem = "POST and PATCH are retried without a key that the provider honours";
            let fix = "use `Target::Payments` with a provider that honours keys, or leave it out";
            findings.refuse_unless_allowed(Rule::UnkeyedRepeat, &[FIELD], problem, fix);
            (true, gives_keys)
        }
        None => {
            findings.change(
                FIELD,
                "POST and PATCH are retried",
                "POST and PATCH are sent again only if the first one provably never arrived",
                TWICE,
            );
            (false, gives_keys)
        }
    }
}

fn ignores_retry_after(config: &Config, findings: &mut Findings<'_>) -> bool {
    const FIELD: &str = "ignore_retry_after";
    match config.ignore_retry_after {
        Some(true) => {
            let problem = "Retry-After is ignored";
            findings.refuse_unless_allowed(Rule::RetryAfter, &[FIELD], problem, "leave it out");
            true
        }
        Some(false) => false,
        None => {
            findings.change(
                FIELD,
                "Retry-After is not read",
                "Retry-After is obeyed, by every call of the process",
                "the server says how long it is unavailable (RFC 9110 section 10.2.3): in the \
                 incident of November 2025 it said 20 minutes, and got 9,100 requests in each",
            );
            false
        }
    }
}

fn statuses(config: &Config, preset: &Policy, findings: &mut Findings<'_>) {
    let listed = &config.retry_on_status;
    let hopeless = listed.iter().filter(|code| !is_repeated(**code, preset));
    let hopeless: Vec<_> = hopeless.collect();
    if !hopeless.is_empty() {
        let problem = format!("retry_on_status has {hopeless:?}, which are never retried");
        let fix = "leave them out: the answer would be the same, or the repeat not harmless";
        findings.refuse(&["retry_on_status"], problem, fix);
    }
    if !listed.is_empty() || config.max_retries > 0 {
        let was = match listed.as_slice() {
            [] => "every status of 500 and above, whatever the method".to_owned(),
            listed => format!("{listed:?}, whatever the method"),
        };
        findings.change(
            "retry_on_status",
            was,
            "every status that is worth a repeat (408, 425, 429 and most of 5xx), where method or key \
             make it harmless",
            "whether a repeat is harmless depends on the method and the key, not on the status alone \
             (RFC 9110 section 9.2.2)",
        );
    }
}

/// Whether such an answer is ever worth a repeat, for the request that may be repeated most freely.
fn is_repeated(code: u16, preset: &Policy) -> bool {
    let Ok(status) = StatusCode::from_u16(code) else {
        return false;
    };
    let provider = preset.provider();
    let outcome = Outcome::Response {
        status,
        headers: &HeaderMap::new(),
        retry_after: true,
        provider,
    };
    let guarantee = Guarantee::of(&Method::POST, provider.honours_keys);
    let guarantees = [guarantee, Guarantee::Idempotent];
    guarantees
        .iter()
        .any(|guarantee| !matches!(repeat(&outcome, *guarantee), Repeat::Never(_)))
}

fn redirects(config: &Config, findings: &mut Findings<'_>) {
    const FIELD: &str = "follow_redirects";
    match config.follow_redirects {
        Some(true) => {
            let fix = "call the final URL, or look at the `location` of the response";
            findings.refuse(&[FIELD], "redirects are to be followed", fix);
        }
        Some(false) => {}
        None => findings.change(
            FIELD,
            "redirects are followed",
            "a 3xx is handed back",
            "following one is the client's choice (RFC 9110 section 15.4), and would take a payment, \
             its key and its credential to a host that nobody has named",
        ),
    }
}

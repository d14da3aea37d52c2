//! A client's configuration as it is written, before it is checked.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::url;
use super::ClientConfig;
use crate::config::Violation;
use crate::config::written::{Span, WrittenPolicy};
use crate::policy::circuit::LONGEST;

/// What is left out is the client builder's default.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenClient {
    pub(super) url: Option<String>,
    pub(super) connect_timeout: Option<Span>,
    pub(super) pool_idle_timeout: Option<Span>,
    pub(super) pool_max_idle_per_host: Option<usize>,
    pub(super) read_timeout: Option<Span>,
    pub(super) response_body_limit: Option<usize>,
    pub(super) http2_prior_knowledge: bool,
    pub(super) root_certificates: Vec<PathBuf>,
    pub(super) policy: WrittenPolicy,
}

impl WrittenClient {
    /// The checked configuration, or everything that is wrong with it.
    pub(super) fn build(self) -> Result<ClientConfig, Vec<Violation>> {
        let mut violations = Vec::new();
        let url = match self.url.as_deref().map(|url| url::check(&["url"], url)) {
            Some(Ok(url)) => url,
            Some(Err(violation)) => {
                violations.push(violation);
                String::new()
            }
            None => {
                let fix = "name the upstream's, such as `https://gateway.example/v1`";
                violations.push(Violation::nonsense(&["url"], "there is no URL", fix));
                String::new()
            }
        };
        violations.extend(self.limits());
        let requires_https = self.policy.requires_https();
        violations.extend(url::check_exposure(&url, requires_https).err());
        let policy = match self.policy.build() {
            Ok(policy) if violations.is_empty() => policy,
            Ok(_) => return Err(violations),
            Err(refused) => {
                violations.extend_from_slice(refused.violations());
                return Err(violations);
            }
        };
        Ok(ClientConfig {
            url,
            policy,
            connect_timeout: self.connect_timeout.map(Duration::from),
            pool_idle_timeout: self.pool_idle_timeout.map(Duration::from),
            pool_max_idle_per_host: self.pool_max_idle_per_host,
            read_timeout: self.read_timeout.map(Duration::from),
            response_body_limit: self.response_body_limit,
            http2_prior_knowledge: self.http2_prior_knowledge,
            root_certificates: self.root_certificates,
        })
    }

    /// What [`ClientBuilder::build`](crate::ClientBuilder::build) would refuse, all of it.
    fn limits(&self) -> Vec<Violation> {
        let timeouts: [(&[_], _, _); 3] = [
            (
                &["connect_timeout"],
                "connect timeout",
                self.connect_timeout,
            ),
            (
                &["pool_idle_timeout"],
                "pool idle timeout",
                self.pool_idle_timeout,
            ),
            (&["read_timeout"], "read timeout", self.read_timeout),
        ];
        let mut violations = Vec::new();
        for (setting, name, timeout) in timeouts {
            if let Some(Span(timeout)) = timeout
                && (timeout.is_zero() || timeout > LONGEST)
            {
                let problem = format!("{name} is {timeout:?}");
                let fix = "choose more than zero and at most 30 days";
                violations.push(Violation::nonsense(setting, problem, fix));
            }
        }
        if self.response_body_limit == Some(0) {
            let problem = "response body limit is 0";
            let fix = "choose at least 1, in bytes";
            violations.push(Violation::nonsense(&["response_body_limit"], problem, fix));
        }
        violations
    }
}

impl From<&ClientConfig> for WrittenClient {
    fn from(config: &ClientConfig) -> Self {
        Self {
            url: Some(config.url.clone()),
            connect_timeout: config.connect_timeout.map(Span),
            pool_idle_timeout: config.pool_idle_timeout.map(Span),
            pool_max_idle_per_host: config.pool_max_idle_per_host,
            read_timeout: config.read_timeout.map(Span),
            response_body_limit: config.response_body_limit,
            http2_prior_knowledge: config.http2_prior_knowledge,
            root_certificates: config.root_certificates.clone(),
            policy: (&config.policy).into(),
        }
    }
}

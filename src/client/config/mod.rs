//! All of a client in one place: where it calls, how, and by which policy.

mod env;
#[cfg(test)]
mod tests;
mod written;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::env::{EnvError, EnvProblem};
use self::written::WrittenClient;
use super::transport::certificates;
use super::{Client, ClientBuilder};
use crate::config::written::refusal;
use crate::{Error, Policy};

/// Everything that one client is told, from a file or from the environment: the upstream's URL, a
/// [`Policy`] and the settings of the [`ClientBuilder`].
///
/// It is checked when it is read. What is left out has the default of the client builder or of the
/// policy's preset; the policy's fields are described in [`config`](crate::config). A field that is
/// not known is refused.
///
/// | field | what is written | see |
/// |---|---|---|
/// | `url` | the upstream's absolute URL, with neither a user name nor a query; mandatory | [`url`](Self::url) |
/// | `connect_timeout` | a duration, such as `"2s"` | [`ClientBuilder::connect_timeout`] |
/// | `pool_idle_timeout` | a duration | [`ClientBuilder::pool_idle_timeout`] |
/// | `pool_max_idle_per_host` | a number | [`ClientBuilder::pool_max_idle_per_host`] |
/// | `read_timeout` | a duration | [`ClientBuilder::read_timeout`] |
/// | `response_body_limit` | bytes | [`ClientBuilder::response_body_limit`] |
/// | `http2_prior_knowledge` | `true` or `false` | [`ClientBuilder::http2_prior_knowledge`] |
/// | `root_certificates` | a list of files, each PEM or DER, that [`build`](Self::build) reads | [`ClientBuilder::root_certificate`] |
/// | `policy` | a table; mandatory | [`config`](crate::config) |
///
/// ```
/// use seawall::{Client, ClientConfig};
///
/// let config: ClientConfig = toml::from_str(r#"
///     url = "https://gateway.example/v1/"
///     connect_timeout = "2s"
///
///     [policy]
///     preset = "external_payments"
///     provider = "generic"
///     deadline = "1m"
/// "#)?;
/// let client: Client = config.build()?;
/// let payments = format!("{}/payments", config.url());
/// assert_eq!(payments, "https://gateway.example/v1/payments");
///
/// // The same from JSON, and back.
/// let json = serde_json::to_string(&config)?;
/// assert_eq!(serde_json::from_str::<ClientConfig>(&json)?, config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ClientConfig {
    /// Checked, and without a slash at its end.
    url: String,
    policy: Policy,
    connect_timeout: Option<Duration>,
    pool_idle_timeout: Option<Duration>,
    pool_max_idle_per_host: Option<usize>,
    read_timeout: Option<Duration>,
    response_body_limit: Option<usize>,
    http2_prior_knowledge: bool,
    root_certificates: Vec<PathBuf>,
}

impl ClientConfig {
    /// The upstream's URL, without a slash at its end: paths begin with one.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// A client in the making, for what a file cannot say. The files of root certificates are read
    /// here.
    ///
    /// # Errors
    ///
    /// A [`Config`](crate::ErrorKind::Config) error if a file of root certificates cannot be read or
    /// holds none. It names the file, never what is in it.
    pub fn builder(&self) -> Result<ClientBuilder, Error> {
        let mut builder = Client::builder(self.policy.clone());
        if let Some(timeout) = self.connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        if let Some(timeout) = self.pool_idle_timeout {
            builder = builder.pool_idle_timeout(timeout);
        }
        if let Some(connections) = self.pool_max_idle_per_host {
            builder = builder.pool_max_idle_per_host(connections);
        }
        if let Some(timeout) = self.read_timeout {
            builder = builder.read_timeout(timeout);
        }
        if let Some(bytes) = self.response_body_limit {
            builder = builder.response_body_limit(bytes);
        }
        if self.http2_prior_knowledge {
            builder = builder.http2_prior_knowledge();
        }
        for file in &self.root_certificates {
            for certificate in roots(file)? {
                builder = builder.root_certificate(certificate);
            }
        }
        Ok(builder)
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// What [`builder`](Self::builder) and [`ClientBuilder::build`] refuse.
    pub fn build(&self) -> Result<Client, Error> {
        self.builder()?.build()
    }
}

fn roots(file: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let shown = file.display();
    let content = fs::read(file).map_err(|error| {
        let fix = "name a file that this process may read";
        Error::config(format!(
            "the root certificates in `{shown}` cannot be read: {fix}"
        ))
        .with_source(error)
    })?;
    certificates(&content).ok_or_else(|| {
        Error::config(format!(
            "`{shown}` holds no readable root certificate: use PEM, or one DER-encoded X.509 \
             certificate"
        ))
    })
}

impl Serialize for ClientConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WrittenClient::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ClientConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WrittenClient::deserialize(deserializer)?
            .build()
            .map_err(|violations| refusal("the client's configuration is refused", &violations))
    }
}

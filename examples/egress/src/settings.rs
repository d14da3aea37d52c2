//! What the sidecar is told: where to listen, whom to call, by which policy.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use seawall::ClientConfig;
use toml::{Table, Value};

/// What the sidecar is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where services send their requests.
    pub listen: SocketAddr,
    /// Where operators look. `None`: nowhere.
    pub admin: Option<SocketAddr>,
    /// The upstream and the policy.
    pub client: ClientConfig,
    /// How long calls under way have at a shutdown. `None`: as long as the policy's deadline, so that
    /// none is cut off whose outcome would then be unknown.
    pub drain: Option<Duration>,
    /// A file of operators' wishes, to be followed.
    pub control: Option<PathBuf>,
}

impl Settings {
    /// How long calls under way have at a shutdown.
    #[must_use]
    pub fn drain(&self) -> Duration {
        self.drain
            .unwrap_or_else(|| self.client.policy().deadline())
    }
}

/// Where the policy comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The preset's name.
    pub preset: Option<String>,
    /// The provider's, for payments.
    pub provider: Option<String>,
    /// A file with a preset, and what differs from it.
    pub file: Option<PathBuf>,
}

impl Source {
    /// The client for this upstream.
    ///
    /// # Errors
    ///
    /// One line: the file, the value or the rule, and the fix.
    pub fn client(&self, upstream: &str) -> Result<ClientConfig, String> {
        let policy = self.policy()?;
        let mut client = Table::new();
        client.insert("url".into(), upstream.into());
        client.insert("policy".into(), Value::Table(policy));
        client.try_into().map_err(|error: toml::de::Error| {
            let given = self
                .file
                .as_ref()
                .map(|file| format!("{}: ", file.display()));
            one_line(&format!("{}{}", given.unwrap_or_default(), error.message()))
        })
    }

    fn policy(&self) -> Result<Table, String> {
        let Some(file) = &self.file else {
            return self.named();
        };
        if self.provider.is_some() {
            let shown = file.display();
            return Err(format!(
                "--provider is given beside --policy {shown}; write `provider` into the file"
            ));
        }
        let policy = read(file)?;
        let preset = policy.get("preset").and_then(Value::as_str);
        match (&self.preset, preset) {
            (Some(named), Some(written)) if named != written => Err(format!(
                "--preset {named} is not the preset of {}, which is {written}; leave the flag out",
                file.display()
            )),
            _ => Ok(policy),
        }
    }

    /// A preset as it is. A gateway that honours `Idempotency-Key` is the usual one, and the help says
    /// what to name for another.
    fn named(&self) -> Result<Table, String> {
        let Some(preset) = &self.preset else {
            return Err(
                "there is no policy; add --preset external_payments, or --policy FILE.toml".into(),
            );
        };
        let mut policy = Table::new();
        policy.insert("preset".into(), preset.as_str().into());
        let moves_money = preset == "external_payments";
        match &self.provider {
            Some(provider) if moves_money => {
                policy.insert("provider".into(), provider.as_str().into());
            }
            Some(_) => {
                return Err(format!(
                    "--provider goes with --preset external_payments, not with {preset}; leave it out"
                ));
            }
            None if moves_money => {
                policy.insert("provider".into(), "generic".into());
            }
            None => {}
        }
        Ok(policy)
    }
}

fn read(file: &PathBuf) -> Result<Table, String> {
    let shown = file.display();
    let text = fs::read_to_string(file).map_err(|error| {
        format!("--policy {shown} cannot be read ({error}); name a file that this process may read")
    })?;
    text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().map_or(0, |span| span.start);
        let line = text[..before].lines().count().max(1);
        one_line(&format!(
            "--policy {shown} is no TOML at line {line}: {}",
            error.message()
        ))
    })
}

fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("; ")
}

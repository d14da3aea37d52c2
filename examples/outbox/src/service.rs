//! The service as a process, to be started and killed: for the demonstration and for the test.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{io, net::SocketAddr};

use seawall::{Client, Error, Policy};

/// What precedes the URL in the first line of the service's output.
pub(crate) const ANNOUNCEMENT: &str = "checkout: ";

/// A running service. It is killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    pub(crate) url: String,
}

impl Service {
    /// Starts it, and returns once it listens.
    pub(crate) fn start(program: &Path, gateway: &str, database: &Path) -> io::Result<Self> {
        let mut child = Command::new(program)
            .args(["--quick", "--listen", "127.0.0.1:0", "--gateway", gateway])
            .arg("--database")
            .arg(database)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let mut service = Self {
            child,
            url: String::new(),
        };
        let address: Option<SocketAddr> = line
            .trim_end()
            .strip_prefix(ANNOUNCEMENT)
            .and_then(|url| url.strip_prefix("http://")?.parse().ok());
        match address {
            Some(address) => service.url = format!("http://{address}"),
            None => return Err(io::Error::other("the service did not start")),
        }
        Ok(service)
    }

    /// SIGKILL, in the middle of whatever it does, and waits until it is gone.
    pub(crate) fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have been killed before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser: it asks once, waits patiently, and does not come again by itself.
pub(crate) fn browser() -> Result<Client, Error> {
    let patience = Duration::from_secs(15);
    let policy = Policy::internal()
        .to_builder()
        .max_attempts(1)
        .attempt_timeout(patience)
        .deadline(patience)
        .without_circuit()
        .build()?;
    Client::builder(policy).build()
}

#![doc = include_str!("format.md")]

mod apply;
mod error;
mod file;
mod follow;
mod wish;
mod written;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

pub use self::error::ControlFileError;
use self::follow::Follower;
use super::Control;
use crate::policy::circuit::Author;

/// What one file wants is not taken back by another.
static FILES: AtomicU64 = AtomicU64::new(1);

/// A [control file](self) that is watched; until this is dropped, or until every client, layer and
/// handle of the upstreams is gone.
///
/// Dropped, it changes nothing: what the file wanted last stays in force until it ends.
#[must_use = "dropped, the file is watched no longer"]
pub struct Watch {
    path: PathBuf,
    task: AbortHandle,
}

impl Control {
    /// Does what this [file](crate::control::watch) wants, now and whenever it changes: **one edit reaches the
    /// whole fleet**, by a mounted `ConfigMap` for instance.
    ///
    /// It is read once here, by this thread, and then every second by a task on the runtime: as a whole
    /// and by its path, so that a file that is replaced is seen, and one that is swapped by a symbolic
    /// link. An edit that is refused changes nothing; the event
    /// [`ControlFileRefused`](crate::event::Event::ControlFileRefused) says why, once. So does a file
    /// that is gone: the last good one stays in force.
    ///
    /// # Errors
    ///
    /// The path and what is wrong, if the file cannot be read now or is refused; also if it is missing:
    /// a misspelt path would be found out in the next incident. A file that wants nothing may be empty.
    /// Another error is that there is no tokio runtime here.
    ///
    /// ```no_run
    /// # async fn run(client: seawall::Client) -> Result<(), seawall::control::ControlFileError> {
    /// let watch = client.control().watch("/etc/seawall/control.toml")?;
    /// // … until the service ends.
    /// # drop(watch);
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch(&self, path: impl Into<PathBuf>) -> Result<Watch, ControlFileError> {
        let path = path.into();
        let runtime = Handle::try_current().map_err(|_| {
            ControlFileError::new(&path, "there is no tokio runtime to watch it on")
        })?;
        let author = Author::File(FILES.fetch_add(1, Ordering::Relaxed));
        let follower = Follower::begin(&path, author, &self.upstreams)?;
        let task = runtime.spawn(follower.follow()).abort_handle();
        Ok(Watch { path, task })
    }
}

impl Watch {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watch").field(&self.path).finish()
    }
}

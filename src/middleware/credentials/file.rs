//! A credential in a file.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::{Credential, CredentialError, Credentials};
use crate::{clock, event};

/// Longer than any credential, short enough to be read in one go.
const LONGEST: u64 = 64 * 1024;
/// How often it is looked at, at most.
const INTERVAL: Duration = Duration::from_secs(1);

/// The credential in a file, which is read again when it changes.
///
/// `make` says what the text is, without the line ends at its end and the byte order mark that some
/// editors put at its start: [`Credential::bearer`], or
/// `|key| Credential::header("x-api-key", key)`.
///
/// # Errors
///
/// The path, if the file cannot be read now or holds no usable credential.
///
/// ```no_run
/// use seawall::Credential;
/// use seawall::credentials::from_file;
///
/// let source = from_file("/run/secrets/gateway-key", Credential::bearer)?;
/// # Ok::<(), seawall::CredentialError>(())
/// ```
pub fn from_file(
    path: impl Into<PathBuf>,
    make: impl Fn(&str) -> Result<Credential, CredentialError> + Send + Sync + 'static,
) -> Result<CredentialFile, CredentialError> {
    let path = path.into();
    let first = read(&path, &make)?;
    Ok(CredentialFile(Arc::new(Watched {
        path,
        make: Box::new(make),
        kept: ArcSwap::from_pointee(first),
        since: clock::now(),
        looked: AtomicU64::new(0),
        is_lost: Mutex::default(),
    })))
}

/// The source of [`from_file`].
///
/// The first attempt of each second in which there is one reads the file: no thread, no timer, and
/// no question of what a modification time is worth. The path is followed anew each time, so a
/// secret that is swapped by a symbolic link, as Kubernetes does it, is seen too. Reading a few
/// bytes takes some microseconds: keep the file on a local file system.
///
/// A file that is gone, empty or unusable changes nothing: the last good credential stays, and an
/// event says so. Replace it in one step, by a rename; what is read half-written is refused by the
/// upstream, and read again then.
pub struct CredentialFile(Arc<Watched>);

struct Watched {
    path: PathBuf,
    make: Box<Make>,
    kept: ArcSwap<Credential>,
    since: Instant,
    /// When it was last looked at, in milliseconds after `since`.
    looked: AtomicU64,
    /// The last look found no credential. Whoever looks holds it: what was read first must not replace
    /// what was read last.
    is_lost: Mutex<bool>,
}

type Make = dyn Fn(&str) -> Result<Credential, CredentialError> + Send + Sync;

impl Credentials for CredentialFile {
    fn current(&self) -> Option<Credential> {
        if self.0.is_due() {
            self.0.glance();
        }
        Some(Credential::clone(&self.0.kept.load()))
    }

    async fn refresh(&self) -> Result<(), CredentialError> {
        let watched = Arc::clone(&self.0);
        let looked = tokio::task::spawn_blocking(move || watched.look()).await;
        looked.unwrap_or_else(|_| Err(CredentialError::unavailable("reading it was cut off")))
    }
}

impl Watched {
    /// One attempt among all looks at the file.
    fn is_due(&self) -> bool {
        let now = clock::now().saturating_duration_since(self.since);
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let looked = self.looked.load(Relaxed);
        let due = now.saturating_sub(looked) >= INTERVAL.as_millis() as u64;
        due && self
            .looked
            .compare_exchange(looked, now, Relaxed, Relaxed)
            .is_ok()
    }

    /// For an attempt, which waits for nobody. What comes of it is said, and the last good one kept.
    fn glance(&self) {
        let _ = match self.is_lost.try_lock() {
            Ok(mut is_lost) => self.look_with(&mut is_lost),
            Err(TryLockError::Poisoned(broken)) => self.look_with(&mut broken.into_inner()),
            Err(TryLockError::WouldBlock) => Ok(()),
        };
    }

    fn look(&self) -> Result<(), CredentialError> {
        let is_lost = self.is_lost.lock();
        self.look_with(&mut is_lost.unwrap_or_else(PoisonError::into_inner))
    }

    fn look_with(&self, is_lost: &mut bool) -> Result<(), CredentialError> {
        let found = read(&self.path, &self.make);
        let was_lost = mem::replace(is_lost, found.is_err());
        match found {
            Ok(found) => {
                if was_lost {
                    event::credentials::credential_file_found(&self.path);
                }
                if !found.is_same_as(&self.kept.load()) {
                    self.kept.store(Arc::new(found));
                }
                Ok(())
            }
            Err(error) => {
                if !was_lost {
                    event::credentials::credential_file_lost(&error);
                }
                Err(error)
            }
        }
    }
}

impl fmt::Debug for CredentialFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CredentialFile").field(&self.0.path).finish()
    }
}

fn read(path: &Path, make: &Make) -> Result<Credential, CredentialError> {
    let text = read_text(path).map_err(|error| CredentialError::File {
        path: path.to_owned(),
        problem: problem(error.kind()),
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.trim_end_matches(['\r', '\n']);
    make(text).map_err(|error| error.in_file(path))
}

fn problem(kind: io::ErrorKind) -> String {
    let told = match kind {
        io::ErrorKind::NotFound => "there is none",
        io::ErrorKind::PermissionDenied => "this process may not read it",
        io::ErrorKind::InvalidData => "it is not UTF-8",
        io::ErrorKind::InvalidInput => "it is no regular file",
        io::ErrorKind::FileTooLarge => "it is longer than 64 KiB",
        other => return other.to_string(),
    };
    told.to_owned()
}

fn read_text(path: &Path) -> io::Result<String> {
    // A pipe or a device would be waited for.
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut text = String::new();
    let read = File::open(path)?
        .take(LONGEST + 1)
        .read_to_string(&mut text)?;
    if read as u64 > LONGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

//! A control file, watched.

mod edits;
mod life;
mod refused;

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::control::{ControlFileError, Watch};

/// A directory that is gone when the test is over.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let name = format!("seawall-control-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self) -> PathBuf {
        self.0.join("control.toml")
    }

    /// Writes the file in one step.
    fn write(&self, text: &str) -> PathBuf {
        let (new, path) = (self.0.join("new"), self.path());
        fs::write(&new, text).unwrap();
        fs::rename(new, &path).unwrap();
        path
    }

    /// Writes it, and gives whoever watches it the time to see it.
    async fn edit(&self, text: &str) {
        self.write(text);
        looked_at().await;
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The file has been read once more, by a thread of its own.
async fn looked_at() {
    pass(millis(2_100)).await;
}

/// As a file says it.
fn written(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}

fn rate(per_second: &str) -> String {
    format!("[upstreams.\"https://gateway.test\"]\nrate = {per_second}\n")
}

fn opened(until: SystemTime) -> String {
    let until = written(until);
    format!(
        "[upstreams.\"https://gateway.test\"]\nopen = {{ until = {until:?}, reason = \"{WHY}\" }}\n"
    )
}

fn planned(from: SystemTime, until: SystemTime) -> String {
    let (from, until) = (written(from), written(until));
    format!(
        "[[upstreams.\"https://gateway.test\".maintenance]]\n\
         from = {from:?}\nuntil = {until:?}\nreason = \"{WHY}\"\n"
    )
}

/// Everything that is told of files.
#[derive(Debug, Default)]
struct Files(Mutex<Vec<String>>);

impl Files {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Observer for Files {
    fn observe(&self, event: &Event<'_>) {
        let line = match event {
            Event::ControlFileApplied { .. } => "applied".to_owned(),
            Event::ControlFileRefused { why, .. } => format!("refused: {why}"),
            _ => return,
        };
        assert_eq!(event.is_alarming(), line != "applied");
        self.0.lock().unwrap().push(line);
    }
}

/// Upstreams without a client, and what is told of files.
fn observed() -> (Control, Arc<Files>) {
    let files = Arc::new(Files::default());
    let policy = external().build().unwrap();
    let upstreams = Upstreams::builder(policy).observer(Arc::clone(&files));
    (upstreams.build().control(), files)
}

fn rate_of(control: &Control) -> Option<f64> {
    control.snapshot(GATEWAY)?.rate_limit
}

fn watched(control: &Control, directory: &Directory) -> Watch {
    control.watch(directory.path()).unwrap()
}

fn why(result: Result<Watch, ControlFileError>, path: &Path) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.path(), path);
    assert!(error.to_string().contains(error.why()));
    error.why().to_owned()
}

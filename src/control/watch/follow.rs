//! The task that reads the file again and again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::ControlFileError;
use super::wish::{self, Wishes};
use super::{apply, file};
use crate::Upstreams;
use crate::clock::{self, Clocks};
use crate::event::Event;
use crate::policy::circuit::Author;
use crate::upstream::WeakUpstreams;

/// How often it is read. A mounted `ConfigMap` takes up to a minute to change; a second is nothing
/// beside that, and a few kilobytes a second are nothing either.
const INTERVAL: Duration = Duration::from_secs(1);

/// What is known of the file.
pub(super) struct Follower {
    path: PathBuf,
    author: Author,
    upstreams: WeakUpstreams,
    /// As it was last read: what is the same is neither applied nor refused again.
    seen: Result<String, String>,
    /// What is in force.
    wishes: Wishes,
}

impl Follower {
    /// Reads and applies it.
    pub(super) fn begin(
        path: &Path,
        author: Author,
        upstreams: &Upstreams,
    ) -> Result<Self, ControlFileError> {
        let refused = |why: String| ControlFileError::new(path, why);
        let text = file::read(path).map_err(refused)?;
        let mut follower = Self {
            path: path.to_owned(),
            author,
            upstreams: upstreams.downgrade(),
            seen: Ok(text),
            wishes: Wishes::new(),
        };
        follower.take_over(upstreams).map_err(refused)?;
        upstreams.tell(&Event::ControlFileApplied { path });
        Ok(follower)
    }

    /// Until nobody is there any more for whom it could be.
    pub(super) async fn follow(mut self) {
        let mut next = clock::now();
        loop {
            next = clock::after(next.max(clock::now()), INTERVAL);
            clock::sleep_until(next).await;
            if self.upstreams.upgrade().is_none() {
                return;
            }
            let path = self.path.clone();
            let read = tokio::task::spawn_blocking(move || file::read(&path)).await;
            let read = read.unwrap_or_else(|_| Err("reading it was cut off".to_owned()));
            if read == self.seen {
                continue;
            }
            self.seen = read;
            match self.upstreams.upgrade() {
                Some(upstreams) => self.look(&upstreams),
                None => return,
            }
        }
    }

    /// It has changed: does what it wants, or says why not.
    fn look(&mut self, upstreams: &Upstreams) {
        match self.take_over(upstreams) {
            Ok(()) => upstreams.tell(&Event::ControlFileApplied { path: &self.path }),
            Err(why) => {
                let (path, why) = (&*self.path, &*why);
                upstreams.tell(&Event::ControlFileRefused { path, why });
            }
        }
    }

    fn take_over(&mut self, upstreams: &Upstreams) -> Result<(), String> {
        let text = self.seen.as_deref().map_err(|why| (*why).clone())?;
        let clocks = Clocks::read();
        let wishes = wish::parse(text, clocks.wall)?;
        apply::apply(upstreams, self.author, &self.wishes, &wishes, &clocks)
            .map_err(|why| why.to_string())?;
        self.wishes = wishes;
        Ok(())
    }
}

//! The response body: read with a limit on its size and on the wait for each frame.

mod buffer;
mod collected;
mod collecting;
mod error;
mod read_timeout;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use self::collected::Collected;
pub(crate) use self::collecting::Collecting;
pub use self::error::BodyError;
pub(crate) use self::read_timeout::ReadTimeout;

/// How much of a body is read, and how long each frame is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The longest body that is collected, in bytes.
    pub(crate) size: usize,
    /// The longest wait for the next frame.
    pub(crate) read_timeout: Duration,
}

impl Limits {
    /// Collects `body` within these limits.
    pub(crate) const fn collect<B>(self, body: B) -> Collecting<ReadTimeout<B>> {
        Collecting::new(ReadTimeout::new(body, self.read_timeout), self.size)
    }
}

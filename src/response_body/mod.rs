//! The response body: read with a limit on its size and on the wait for each frame.

mod buffer;
mod collected;
mod collecting;
mod error;
mod read_timeout;
#[cfg(test)]
mod tests;

use std::time::Duration;

use http::{Method, StatusCode};

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
    pub(crate) const fn collect<B>(
        self,
        body: B,
        announced: Announced,
    ) -> Collecting<ReadTimeout<B>> {
        let body = ReadTimeout::new(body, self.read_timeout);
        Collecting::new(body, self.size, announced)
    }
}

/// Whose length a response announces. Over HTTP/2 its end may come apart from its head, so that the
/// body alone does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Announced {
    /// That of the body that follows.
    Own,
    /// That of the body which a GET would have had (RFC 9110 section 8.6).
    OfAGet,
}

impl Announced {
    pub(crate) fn in_answer_to(method: &Method) -> Self {
        if *method == Method::HEAD {
            Self::OfAGet
        } else {
            Self::Own
        }
    }

    /// A 304 announces what it does not have, too.
    pub(crate) fn by(self, status: StatusCode) -> Self {
        if status == StatusCode::NOT_MODIFIED {
            Self::OfAGet
        } else {
            self
        }
    }
}

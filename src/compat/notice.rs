//! A setting that means something else than it did.

use std::fmt;

/// One setting that means something else than it did, and why. Logged at WARN when the client is made.
///
/// ```
/// use seawall::compat::{Config, Target};
///
/// let mapped = Config::default().map(&Target::External)?;
/// let delay = mapped.notices.iter().find(|notice| notice.field() == "retry_delay").unwrap();
/// assert_eq!((delay.was(), delay.now()), ("0ns", "500ms"));
/// println!("because {}", delay.why());
/// # Ok::<(), seawall::compat::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub(super) field: &'static str,
    pub(super) was: String,
    pub(super) now: String,
    pub(super) why: &'static str,
}

impl Notice {
    /// The field of [`Config`](super::Config).
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }

    /// What the old client did.
    #[must_use]
    pub fn was(&self) -> &str {
        &self.was
    }

    /// What this one does.
    #[must_use]
    pub fn now(&self) -> &str {
        &self.now
    }

    /// The reason: the incident, an RFC or a paper.
    #[must_use]
    pub const fn why(&self) -> &'static str {
        self.why
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            was,
            now,
            why,
        } = self;
        write!(f, "{field}: {was} -> {now}: {why}")
    }
}

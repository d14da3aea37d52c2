//! Who goes first when there is not room for all.

/// How much a call matters to someone who is waiting. Set it as a request extension.
///
/// ```
/// use seawall::Priority;
///
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(Priority::Background);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Somebody waits for the answer.
    #[default]
    Foreground,
    /// Nobody waits: outbox workers, batches. It takes at most half of what there is, so that a
    /// restarted worker does not flush its backlog over the people who are paying now.
    Background,
}

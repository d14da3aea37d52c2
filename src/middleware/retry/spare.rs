//! What there is to send again.

use crate::body::Replay;

/// What there is to send again after an attempt.
#[derive(Debug)]
pub(in crate::middleware) enum Spare<'a, B> {
    /// The body that was kept for it.
    Kept(&'a mut B),
    /// The body could not be kept.
    None,
    /// Of the last attempt nothing is kept, which says nothing about its body.
    NotNeeded,
}

impl<B: Replay> Spare<'_, B> {
    pub(super) fn is_intact(&self) -> bool {
        match self {
            Self::Kept(body) => body.is_intact(),
            Self::None => false,
            Self::NotNeeded => true,
        }
    }

    /// A retry is decided: the attempt before may not go on with the body.
    pub(super) fn take_over(self) -> bool {
        match self {
            Self::Kept(body) => body.take_over(),
            Self::None | Self::NotNeeded => false,
        }
    }
}

//! What was asked of a client of the old kind, and what it does instead, for the log: it is known
//! before there is an upstream to tell of.

use crate::compat::Notice;

/// A setting means something else than it did.
pub(crate) fn changed(notice: &Notice) {
    tracing::warn!(
        setting = notice.field(),
        was = notice.was(),
        now = notice.now(),
        why = notice.why(),
        "setting changed"
    );
}

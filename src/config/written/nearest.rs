//! What somebody may have meant.

/// Two letters swapped count as one change, and more than two changes are another word.
const NEAR: usize = 2;

/// The known name that is nearest to this one, if any is near.
pub(crate) fn nearest<'a, S: AsRef<str>>(name: &str, known: &'a [S]) -> Option<&'a str> {
    known
        .iter()
        .map(AsRef::as_ref)
        .map(|known| (strsim::osa_distance(name, known), known))
        .filter(|(distance, _)| *distance <= NEAR)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

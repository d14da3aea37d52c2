//! Reading it, as a whole.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Room for every upstream there can be, and short enough to be read in one go. A `ConfigMap` holds no
/// more than this.
const LONGEST: u64 = 1024 * 1024;

/// Its text, or why there is none.
pub(super) fn read(path: &Path) -> Result<String, String> {
    try_read(path).map_err(|error| format!("it cannot be read: {}", error.kind()))
}

fn try_read(path: &Path) -> io::Result<String> {
    // A pipe or a device would be waited for.
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut text = String::new();
    let length = File::open(path)?
        .take(LONGEST + 1)
        .read_to_string(&mut text)?;
    if length as u64 > LONGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

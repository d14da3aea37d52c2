//! The table, and how the file is opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

/// Times are milliseconds since 1970. `retry_at` is empty once a payment is settled, so that the
/// index holds nothing but what is still to be done.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS payments (
        id            INTEGER PRIMARY KEY,
        business_id   TEXT NOT NULL UNIQUE,
        amount        INTEGER NOT NULL,
        currency      TEXT NOT NULL,
        key           TEXT NOT NULL UNIQUE,
        body          BLOB NOT NULL,
        state         TEXT NOT NULL
                      CHECK (state IN ('pending', 'unknown', 'paid', 'declined', 'review')),
        first_sent_at INTEGER,
        retry_at      INTEGER,
        claimed       INTEGER NOT NULL DEFAULT 0,
        claims        INTEGER NOT NULL DEFAULT 0,
        code          TEXT,
        CHECK ((retry_at IS NOT NULL) = (state IN ('pending', 'unknown')))
    ) STRICT;
    CREATE INDEX IF NOT EXISTS due ON payments (retry_at) WHERE retry_at IS NOT NULL;
";

/// - `locking_mode = EXCLUSIVE`: the file is this process's alone, and a second one is told so at
///   its start. The lock dies with the process, however that ends.
/// - `journal_mode = WAL` and `synchronous = FULL`: a commit that has returned is on the disk.
///   SQLite's `NORMAL` would lose the last ones with the machine's power, and with them the fact
///   that something was sent.
pub(super) fn open(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(1))?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

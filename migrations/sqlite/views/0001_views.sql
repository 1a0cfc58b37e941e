-- The read models: all of it can be deleted and rebuilt from the log.
--
-- Every row has a checksum (`crc`) of all its columns, so that a read detects an altered row. A
-- generation stores the number of its rows and the sum of their checksums (`tallies`), so that a
-- check detects a missing row.

-- Each generation is a fold of a tenant's log; `number` is its key in the other tables. A tenant
-- may have several: the live one, which answers queries, a shadow, which is being built, and
-- retired ones. `covered` is the checkpoint, which advances in the transaction that writes the
-- rows. Numbers are never reused, because the writer caches terms by them.
CREATE TABLE generation (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant  TEXT    NOT NULL,
    place   INTEGER CHECK (place IN (0, 1)), -- 0: live, 1: shadow, NULL: out of use
    views   TEXT    NOT NULL,
    rules   TEXT    NOT NULL,
    covered INTEGER NOT NULL DEFAULT 0,
    report  TEXT,
    -- for each table: rows, and the sum of their checksums
    tallies BLOB    NOT NULL CHECK (length(tallies) = 96),
    crc     INTEGER NOT NULL,
    UNIQUE (tenant, place)
) STRICT;

CREATE TABLE record_1 (
    generation INTEGER NOT NULL,
    id         BLOB    NOT NULL,
    position   INTEGER NOT NULL,
    crc        INTEGER NOT NULL,
    PRIMARY KEY (generation, id)
) STRICT, WITHOUT ROWID;

-- The dictionary: a term (the number of its kind, and its value) and its number, which the other
-- tables refer to. Numbers rise with the first record of a term, so that rows of new terms are
-- adjacent in the other tables.
CREATE TABLE term_1 (
    generation INTEGER NOT NULL,
    term       BLOB    NOT NULL,
    number     INTEGER NOT NULL UNIQUE,
    crc        INTEGER NOT NULL,
    PRIMARY KEY (generation, term)
) STRICT, WITHOUT ROWID;

-- The records that carry a term.
CREATE TABLE posting_1 (
    term     INTEGER NOT NULL,
    position INTEGER NOT NULL,
    crc      INTEGER NOT NULL,
    PRIMARY KEY (term, position)
) STRICT, WITHOUT ROWID;

-- The sessions that a term's records name. `session` is the number of the session's own term.
CREATE TABLE term_session_1 (
    term    INTEGER NOT NULL,
    session INTEGER NOT NULL,
    crc     INTEGER NOT NULL,
    PRIMARY KEY (term, session)
) STRICT, WITHOUT ROWID;

-- A session as assessed at the log's size `assessed_to`. `session` is the number of the term of its
-- name. Times are microseconds since the epoch. `over_at` is when it is over at the latest, the
-- largest number if it has no known end. `length` is the number of bits of the time from its first
-- fact to `over_at`, or 64: it bounds how long before an instant a session began that is active
-- then.
CREATE TABLE session_row (
    session         INTEGER PRIMARY KEY,
    generation      INTEGER NOT NULL,
    name            TEXT    NOT NULL,
    first_occurred  INTEGER NOT NULL,
    first_source    TEXT    NOT NULL,
    first_source_id TEXT    NOT NULL,
    assessed_to     INTEGER NOT NULL,
    over_at         INTEGER NOT NULL,
    length          INTEGER NOT NULL,
    state           BLOB    NOT NULL,
    crc             INTEGER NOT NULL
) STRICT;

CREATE INDEX session_row_in_order
    ON session_row (generation, first_occurred, first_source, first_source_id, name);
-- Index-only scan: sessions active at an instant. Rows are fetched only for those that match.
CREATE INDEX session_row_by_length ON session_row (generation, length, first_occurred, over_at);
-- Rows that were assessed after a size of the log.
CREATE INDEX session_row_by_size ON session_row (generation, assessed_to);

-- Summaries of a session's records, in parts: one range scan reads a session without the log.
-- slot = the number of the session's term << 20, plus the number of the part.
CREATE TABLE record_summary (
    slot  INTEGER PRIMARY KEY,
    brief BLOB    NOT NULL,
    crc   INTEGER NOT NULL
) STRICT;

-- Every row carries a checksum over all its columns, and a generation counts its rows and adds up their checksums (`tallies`), so that a row that is
-- altered is noticed when it is read, and one that is gone when the generation is checked. Rows without checksums are folded again from the log.
DROP TABLE record_1;
DROP TABLE term_1;
DROP TABLE posting_1;
DROP TABLE term_session_1;
DROP TABLE head_1;
DROP TABLE brief_1;
DROP TABLE generation;

CREATE TABLE generation (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant  TEXT    NOT NULL,
    place   INTEGER CHECK (place IN (0, 1)), -- 0: live, 1: shadow, NULL: out of use
    views   TEXT    NOT NULL,
    rules   TEXT    NOT NULL,
    covered INTEGER NOT NULL DEFAULT 0,
    report  TEXT,
    tallies BLOB    NOT NULL CHECK (length(tallies) = 96), -- for each table: rows, and the sum of their checksums
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

CREATE TABLE term_1 (
    generation INTEGER NOT NULL,
    term       BLOB    NOT NULL,
    number     INTEGER NOT NULL UNIQUE,
    crc        INTEGER NOT NULL,
    PRIMARY KEY (generation, term)
) STRICT, WITHOUT ROWID;

CREATE TABLE posting_1 (
    term     INTEGER NOT NULL,
    position INTEGER NOT NULL,
    crc      INTEGER NOT NULL,
    PRIMARY KEY (term, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE term_session_1 (
    term    INTEGER NOT NULL,
    session INTEGER NOT NULL,
    crc     INTEGER NOT NULL,
    PRIMARY KEY (term, session)
) STRICT, WITHOUT ROWID;

CREATE TABLE head_1 (
    session         INTEGER PRIMARY KEY,
    generation      INTEGER NOT NULL,
    name            TEXT    NOT NULL,
    first_occurred  INTEGER NOT NULL, -- microseconds since the epoch
    first_source    TEXT    NOT NULL,
    first_source_id TEXT    NOT NULL,
    assessed_to     INTEGER NOT NULL,
    over_at         INTEGER NOT NULL, -- microseconds since the epoch; the largest number: it may go on for ever
    length          INTEGER NOT NULL, -- bits of the time from the first fact to over_at, in microseconds; 64: it may go on for ever
    state           BLOB    NOT NULL,
    crc             INTEGER NOT NULL
) STRICT;

CREATE INDEX head_1_in_order ON head_1 (generation, first_occurred, first_source, first_source_id, name);
CREATE INDEX head_1_by_length ON head_1 (generation, length, first_occurred, over_at);
CREATE INDEX head_1_by_size ON head_1 (generation, assessed_to);

CREATE TABLE brief_1 (
    slot  INTEGER PRIMARY KEY, -- the number of the session's term, times 1,048,576, plus the part's
    brief BLOB    NOT NULL,
    crc   INTEGER NOT NULL
) STRICT;

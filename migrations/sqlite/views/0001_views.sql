-- Read models, version 1. All of it can be thrown away and rebuilt from the log.

-- How far a tenant's rows are, and what is counted beside. Moves in the transaction that writes the rows.
CREATE TABLE checkpoint_1 (
    number   INTEGER PRIMARY KEY,
    name     TEXT    NOT NULL UNIQUE,
    covered  INTEGER NOT NULL DEFAULT 0,
    sessions INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE record_1 (
    tenant   INTEGER NOT NULL,
    id       BLOB    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- The dictionary: a kind's number and the value, as one key, and the term's own number, which the other tables hold. Numbers rise with the first record
-- of a term, so that rows of new terms stand together.
CREATE TABLE term_1 (
    tenant INTEGER NOT NULL,
    term   BLOB    NOT NULL,
    number INTEGER NOT NULL UNIQUE,
    PRIMARY KEY (tenant, term)
) STRICT, WITHOUT ROWID;

CREATE TABLE posting_1 (
    term     INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (term, position)
) STRICT, WITHOUT ROWID;

-- Which sessions a term's records name. `session` is the number of the session's own term.
CREATE TABLE term_session_1 (
    term    INTEGER NOT NULL,
    session INTEGER NOT NULL,
    PRIMARY KEY (term, session)
) STRICT, WITHOUT ROWID;

-- `session` is the number of the term of the session's name.
CREATE TABLE head_1 (
    session         INTEGER PRIMARY KEY,
    tenant          INTEGER NOT NULL,
    name            TEXT    NOT NULL,
    first_occurred  INTEGER NOT NULL, -- microseconds since the epoch
    first_source    TEXT    NOT NULL,
    first_source_id TEXT    NOT NULL,
    assessed_to     INTEGER NOT NULL,
    state           BLOB    NOT NULL
) STRICT;

CREATE INDEX head_1_in_order ON head_1 (tenant, first_occurred, first_source, first_source_id, name);

CREATE TRIGGER head_1_is_counted AFTER INSERT ON head_1
BEGIN
    UPDATE checkpoint_1 SET sessions = sessions + 1 WHERE number = NEW.tenant;
END;

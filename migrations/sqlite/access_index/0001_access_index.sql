-- Which entries of the access log name a session, a person or a record: all of it can be deleted
-- and filled again from that log.
--
-- One row per tenant: how many entries are in the index.
CREATE TABLE covered (
    tenant TEXT    PRIMARY KEY,
    size   INTEGER NOT NULL CHECK (size >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE access (
    tenant      TEXT    NOT NULL,
    position    INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL, -- microseconds since 1970
    credential  TEXT    NOT NULL,
    PRIMARY KEY (tenant, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX access_of_credential ON access (tenant, credential, position);

-- kind 1: a session; 2: a person; 3: 256 records in a row, by number; 4: everything.
CREATE TABLE named (
    tenant   TEXT    NOT NULL,
    kind     INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),
    value    TEXT    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind, value, position)
) STRICT, WITHOUT ROWID;

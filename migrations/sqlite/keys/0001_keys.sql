-- Wrapped keys only: nothing here opens without the master key, which is never in this file.
CREATE TABLE tenant_key (
    tenant  TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
    number    INTEGER PRIMARY KEY,
    tenant    TEXT NOT NULL,
    pseudonym TEXT NOT NULL,
    wrapped   BLOB NOT NULL,
    id_index  BLOB NOT NULL CHECK (length(id_index) = 32),
    UNIQUE (tenant, pseudonym),
    UNIQUE (tenant, id_index)
) STRICT;

CREATE TABLE person_alias (
    tenant      TEXT    NOT NULL,
    alias_index BLOB    NOT NULL CHECK (length(alias_index) = 32),
    person      INTEGER NOT NULL REFERENCES person (number) ON DELETE CASCADE,
    PRIMARY KEY (tenant, alias_index, person)
) STRICT, WITHOUT ROWID;

CREATE INDEX person_alias_by_person ON person_alias (person);

-- Pseudonyms whose key was destroyed, with the row of `person` and its aliases. No statement adds a
-- person with one of these, so a writer that still holds the key cannot restore it.
CREATE TABLE person_destroyed (
    tenant    TEXT NOT NULL,
    pseudonym TEXT NOT NULL,
    PRIMARY KEY (tenant, pseudonym)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER person_stays_destroyed BEFORE INSERT ON person
    WHEN EXISTS (SELECT 1 FROM person_destroyed
        WHERE tenant = NEW.tenant AND pseudonym = NEW.pseudonym)
BEGIN
    SELECT RAISE(IGNORE);
END;

CREATE TRIGGER person_destroyed_is_never_altered BEFORE UPDATE ON person_destroyed
BEGIN
    SELECT RAISE(ABORT, 'a destroyed key stays destroyed');
END;

CREATE TRIGGER person_destroyed_is_never_deleted BEFORE DELETE ON person_destroyed
BEGIN
    SELECT RAISE(ABORT, 'a destroyed key stays destroyed');
END;

CREATE TABLE credential (
    tenant     TEXT    NOT NULL,
    credential TEXT    NOT NULL,
    token_hash BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    roles      TEXT    NOT NULL, -- words of the vocabulary, separated by spaces
    source     TEXT,
    created_at INTEGER NOT NULL, -- microseconds since the epoch
    revoked_at INTEGER,
    -- Of the row, under a key of the tenant: a changed row is refused.
    mac        BLOB    NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (tenant, credential)
) STRICT, WITHOUT ROWID;

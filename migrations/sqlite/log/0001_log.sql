-- One row per tenant. The last record is the end of a log; `size` is an anchor: the number of
-- records at the last checkpoint, to detect a truncated log.
CREATE TABLE log_tenant (
    number INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 4194303),
    name   TEXT    NOT NULL UNIQUE,
    size   INTEGER NOT NULL DEFAULT 0 CHECK (size BETWEEN 0 AND 1099511627775)
) STRICT;

-- One row per record. key = tenant's number << 40 | position: the only index that an append
-- updates. A sealed body has either its bytes or the reason for its removal. Bodies are the last
-- columns, because SQLite can then read the other columns without them.
CREATE TABLE log_entry (
    key              INTEGER PRIMARY KEY,
    id               BLOB NOT NULL CHECK (length(id) = 16),
    header           BLOB NOT NULL,
    leaf             BLOB NOT NULL CHECK (length(leaf) = 32),
    personal_removed BLOB CHECK ((personal_removed IS NULL) = (personal IS NOT NULL)),
    original_removed BLOB CHECK ((original_removed IS NULL) = (original IS NOT NULL)),
    facts            BLOB NOT NULL,
    personal         BLOB,
    original         BLOB
) STRICT;

CREATE TRIGGER log_entry_is_never_altered BEFORE UPDATE ON log_entry
    WHEN NEW.key IS NOT OLD.key OR NEW.id IS NOT OLD.id OR NEW.header IS NOT OLD.header
        OR NEW.leaf IS NOT OLD.leaf OR NEW.facts IS NOT OLD.facts
        OR (NEW.personal IS NOT NULL AND NEW.personal IS NOT OLD.personal)
        OR (NEW.original IS NOT NULL AND NEW.original IS NOT OLD.original)
        OR (OLD.personal_removed IS NOT NULL
            AND NEW.personal_removed IS NOT OLD.personal_removed)
        OR (OLD.original_removed IS NOT NULL
            AND NEW.original_removed IS NOT OLD.original_removed)
BEGIN
    SELECT RAISE(ABORT, 'a record of the log is never altered; a sealed body may be removed');
END;

CREATE TRIGGER log_entry_is_never_deleted BEFORE DELETE ON log_entry
BEGIN
    SELECT RAISE(ABORT, 'a record of the log is never deleted');
END;

-- Positions are dense: a record can only be inserted after its predecessor. The primary key refuses
-- a second record at the same position.
CREATE TRIGGER log_entry_has_no_gap BEFORE INSERT ON log_entry
    WHEN NEW.key & 1099511627775 <> 0
        AND NOT EXISTS (SELECT 1 FROM log_entry WHERE key = NEW.key - 1)
BEGIN
    SELECT RAISE(ABORT, 'a record of the log stands right behind the one before it');
END;

CREATE TRIGGER log_tenant_only_grows BEFORE UPDATE ON log_tenant
    WHEN NEW.number <> OLD.number OR NEW.name <> OLD.name OR NEW.size < OLD.size
BEGIN
    SELECT RAISE(ABORT, 'a log only grows');
END;

CREATE TRIGGER log_tenant_is_never_deleted BEFORE DELETE ON log_tenant
BEGIN
    SELECT RAISE(ABORT, 'a log is never deleted');
END;

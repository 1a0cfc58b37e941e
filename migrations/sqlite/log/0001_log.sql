-- The log: the records of all tenants, which are only ever added.

-- One row a tenant. `size` is an anchor: the log had at least this many records when the
-- write-ahead log was last brought into the file, so an end that was cut off is noticed. It does
-- not move with every append, which would write one more page in each commit: a log ends where its
-- records end.
CREATE TABLE log_tenant (
    number INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 4194303),
    name   TEXT    NOT NULL UNIQUE,
    size   INTEGER NOT NULL DEFAULT 0 CHECK (size BETWEEN 0 AND 1099511627775)
) STRICT;

-- One row a record. key = tenant's number << 40 | position: the only index that an append touches.
CREATE TABLE log_entry (
    key      INTEGER PRIMARY KEY,
    id       BLOB NOT NULL CHECK (length(id) = 16),
    header   BLOB NOT NULL,
    leaf     BLOB NOT NULL CHECK (length(leaf) = 32),
    facts    BLOB NOT NULL,
    personal BLOB NOT NULL,
    original BLOB NOT NULL
) STRICT;

-- Positions are dense; the primary key refuses a position that is taken.
CREATE TRIGGER log_entry_has_no_gap BEFORE INSERT ON log_entry
    WHEN NEW.key & 1099511627775 <> 0
        AND NOT EXISTS (SELECT 1 FROM log_entry WHERE key = NEW.key - 1)
BEGIN
    SELECT RAISE(ABORT, 'a record of the log stands right behind the one before it');
END;

CREATE TRIGGER log_entry_is_never_altered BEFORE UPDATE ON log_entry
BEGIN
    SELECT RAISE(ABORT, 'a record of the log is never altered');
END;

CREATE TRIGGER log_entry_is_never_deleted BEFORE DELETE ON log_entry
BEGIN
    SELECT RAISE(ABORT, 'a record of the log is never deleted');
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

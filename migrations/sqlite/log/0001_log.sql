-- One row a tenant: its head. `size` moves in the transaction that adds the records.
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

-- Takes no row. An append puts one in when the session row was not where it had to be, which undoes the append.
CREATE TABLE log_refused (head_moved INTEGER NOT NULL CHECK (head_moved = 0)) STRICT;

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

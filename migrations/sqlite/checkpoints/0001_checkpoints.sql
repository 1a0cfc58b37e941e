-- The last signed checkpoint of each log. It is the promise that no other tree of this size, and
-- none that it is not the beginning of, was or will be signed, so it is replaced by a larger one
-- only.
CREATE TABLE checkpoint (
    tenant TEXT    PRIMARY KEY,
    size   INTEGER NOT NULL CHECK (size >= 0),
    note   TEXT    NOT NULL, -- a C2SP tlog-checkpoint
    sum    INTEGER NOT NULL  -- CRC-32 of the other columns
) STRICT;

CREATE TRIGGER checkpoint_only_grows BEFORE UPDATE ON checkpoint
    WHEN NEW.tenant IS NOT OLD.tenant OR NEW.size <= OLD.size
BEGIN
    SELECT RAISE(ABORT, 'a checkpoint is replaced by a larger one only');
END;

CREATE TRIGGER checkpoint_is_never_deleted BEFORE DELETE ON checkpoint
BEGIN
    SELECT RAISE(ABORT, 'a checkpoint is never deleted');
END;

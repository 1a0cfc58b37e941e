-- Small values that are neither records nor keys: cursors of pollers, looks at configurations.
-- A removed key keeps its row without a value, so that no version of a key is used twice.
CREATE TABLE state (
    tenant  bytea  NOT NULL,
    key     bytea  NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    value   bytea,
    sum     bigint NOT NULL, -- CRC-32 of tenant, key, version and value
    PRIMARY KEY (tenant, key)
);

CREATE FUNCTION state_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
END
$$;

CREATE TRIGGER state_version_only_grows BEFORE UPDATE ON state FOR EACH ROW
    WHEN (NEW.tenant <> OLD.tenant OR NEW.key <> OLD.key OR NEW.version < OLD.version
        OR (NEW.value IS NOT NULL AND NEW.version = OLD.version))
    EXECUTE FUNCTION state_refuse('no version of a state is used twice');

GRANT SELECT, INSERT, UPDATE ON state TO claimledger_writer;

-- The last signed checkpoint of each log. It is the promise that no other tree of this size, and
-- none that it is not the beginning of, was or will be signed, so it is replaced by a larger one
-- only.
CREATE TABLE checkpoint (
    tenant bytea  PRIMARY KEY,
    size   bigint NOT NULL CHECK (size >= 0),
    note   text   NOT NULL, -- a C2SP tlog-checkpoint
    sum    bigint NOT NULL  -- CRC-32 of the other columns
);

CREATE TRIGGER checkpoint_only_grows BEFORE UPDATE ON checkpoint FOR EACH ROW
    WHEN (NEW.tenant <> OLD.tenant OR NEW.size <= OLD.size)
    EXECUTE FUNCTION state_refuse('a checkpoint is replaced by a larger one only');
CREATE TRIGGER checkpoint_is_never_deleted BEFORE DELETE ON checkpoint FOR EACH ROW
    EXECUTE FUNCTION state_refuse('a checkpoint is never deleted');
CREATE TRIGGER checkpoint_is_never_truncated BEFORE TRUNCATE ON checkpoint
    EXECUTE FUNCTION state_refuse('a checkpoint is never deleted');

GRANT SELECT, INSERT, UPDATE ON checkpoint TO claimledger_writer;
GRANT SELECT ON checkpoint TO claimledger_reader;

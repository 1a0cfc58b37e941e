-- A log: run once as it is, for the records, and once with access_ for log_, for the access log.
--
-- One row per tenant. An append locks it, compares `size` and moves it in the same statement, so
-- that positions are dense and in the order of the commits. Names are bytes: text of PostgreSQL
-- takes no NUL, and bytes are compared as such.
CREATE TABLE log_head (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name   bytea  NOT NULL UNIQUE,
    size   bigint NOT NULL DEFAULT 0 CHECK (size BETWEEN 0 AND 1099511627775)
) WITH (fillfactor = 50); -- room for updates in the same page, which touch no index

-- One row per record. A sealed body has either its bytes or the reason for its removal.
CREATE TABLE log_entry (
    tenant           bigint NOT NULL,
    position         bigint NOT NULL CHECK (position >= 0),
    id               bytea  NOT NULL CHECK (octet_length(id) = 16),
    header           bytea  NOT NULL,
    leaf             bytea  NOT NULL CHECK (octet_length(leaf) = 32),
    personal_removed bytea  CHECK ((personal_removed IS NULL) = (personal IS NOT NULL)),
    original_removed bytea  CHECK ((original_removed IS NULL) = (original IS NOT NULL)),
    facts            bytea  NOT NULL,
    personal         bytea,
    original         bytea,
    PRIMARY KEY (tenant, position),
    UNIQUE (tenant, id)
);

-- Sealed bytes do not compress.
ALTER TABLE log_entry ALTER COLUMN personal SET STORAGE EXTERNAL;
ALTER TABLE log_entry ALTER COLUMN original SET STORAGE EXTERNAL;

CREATE FUNCTION log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
END
$$;

CREATE TRIGGER log_entry_is_never_altered BEFORE UPDATE ON log_entry FOR EACH ROW
    WHEN (NEW.tenant <> OLD.tenant OR NEW.position <> OLD.position OR NEW.id <> OLD.id
        OR NEW.header <> OLD.header OR NEW.leaf <> OLD.leaf OR NEW.facts <> OLD.facts
        OR (NEW.personal IS NOT NULL AND NEW.personal IS DISTINCT FROM OLD.personal)
        OR (NEW.original IS NOT NULL AND NEW.original IS DISTINCT FROM OLD.original)
        OR (OLD.personal_removed IS NOT NULL
            AND NEW.personal_removed IS DISTINCT FROM OLD.personal_removed)
        OR (OLD.original_removed IS NOT NULL
            AND NEW.original_removed IS DISTINCT FROM OLD.original_removed))
    EXECUTE FUNCTION log_refuse(
        'a record of the log is never altered; a sealed body may be removed');

CREATE TRIGGER log_entry_is_never_deleted BEFORE DELETE ON log_entry FOR EACH ROW
    EXECUTE FUNCTION log_refuse('a record of the log is never deleted');
CREATE TRIGGER log_entry_is_never_truncated BEFORE TRUNCATE ON log_entry
    EXECUTE FUNCTION log_refuse('a record of the log is never deleted');

-- Rows of one statement: dense, right after the record before them, and up to the head.
CREATE FUNCTION log_is_dense() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (
            SELECT tenant, min(position) AS first, max(position) AS last, count(*) AS rows
            FROM added GROUP BY tenant
        ) a
        LEFT JOIN claimledger.log_head h ON h.number = a.tenant
        WHERE a.last - a.first + 1 <> a.rows OR h.size IS DISTINCT FROM a.last + 1
            OR (a.first > 0 AND NOT EXISTS (SELECT 1 FROM claimledger.log_entry e
                WHERE e.tenant = a.tenant AND e.position = a.first - 1))
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'a record of the log follows directly on the one before it';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER log_entry_has_no_gap AFTER INSERT ON log_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION log_is_dense();

CREATE TRIGGER log_head_begins_empty BEFORE INSERT ON log_head FOR EACH ROW
    WHEN (NEW.size <> 0) EXECUTE FUNCTION log_refuse('a log begins empty');
CREATE TRIGGER log_head_only_grows BEFORE UPDATE ON log_head FOR EACH ROW
    WHEN (NEW.number <> OLD.number OR NEW.name <> OLD.name OR NEW.size < OLD.size)
    EXECUTE FUNCTION log_refuse('a log only grows');
CREATE TRIGGER log_head_is_never_deleted BEFORE DELETE ON log_head FOR EACH ROW
    EXECUTE FUNCTION log_refuse('a log is never deleted');
CREATE TRIGGER log_head_is_never_truncated BEFORE TRUNCATE ON log_head
    EXECUTE FUNCTION log_refuse('a log is never deleted');

-- After the statement, because an append inserts its records in the statement that moves the head.
CREATE FUNCTION log_head_has_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM claimledger.log_entry
        WHERE tenant = NEW.number AND position = NEW.size - 1) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'a log has a record at its end';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER log_head_is_the_last_record AFTER UPDATE ON log_head FOR EACH ROW
    WHEN (NEW.size <> OLD.size) EXECUTE FUNCTION log_head_has_record();

GRANT SELECT, INSERT (name), UPDATE (size) ON log_head TO claimledger_writer;
GRANT SELECT, INSERT, UPDATE (personal, personal_removed, original, original_removed)
    ON log_entry TO claimledger_writer;
GRANT SELECT ON log_head, log_entry TO claimledger_reader;

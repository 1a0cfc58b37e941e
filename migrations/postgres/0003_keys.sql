-- Wrapped keys only: nothing here opens without the master key, which is never in this database.
CREATE TABLE tenant_key (
    tenant  bytea PRIMARY KEY,
    wrapped bytea NOT NULL
);

CREATE TABLE person (
    number    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant    bytea NOT NULL,
    pseudonym bytea NOT NULL,
    wrapped   bytea NOT NULL,
    id_index  bytea NOT NULL CHECK (octet_length(id_index) = 32),
    UNIQUE (tenant, pseudonym),
    UNIQUE (tenant, id_index)
);

CREATE TABLE person_alias (
    tenant      bytea  NOT NULL,
    alias_index bytea  NOT NULL CHECK (octet_length(alias_index) = 32),
    person      bigint NOT NULL REFERENCES person (number) ON DELETE CASCADE,
    PRIMARY KEY (tenant, alias_index, person)
);

CREATE INDEX person_alias_by_person ON person_alias (person);

-- A deleted row stays in its page until a vacuum: each destroyed key is a reason for one.
ALTER TABLE person SET
    (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE person_alias SET
    (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);

-- Pseudonyms whose key was destroyed, with the row of `person` and its aliases. No statement adds a
-- person with one of these, so a writer that still holds the key cannot restore it.
CREATE TABLE person_destroyed (
    tenant    bytea NOT NULL,
    pseudonym bytea NOT NULL,
    PRIMARY KEY (tenant, pseudonym)
);

-- The number of destroyed keys: holders of keys compare it. It is also the lock between those who
-- add persons (shared) and those who destroy keys (exclusive) of a tenant.
CREATE TABLE key_destruction (
    tenant bytea  PRIMARY KEY,
    count  bigint NOT NULL DEFAULT 0 CHECK (count >= 0)
) WITH (fillfactor = 50);

CREATE FUNCTION keys_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
END
$$;

-- Locks first: the second query then sees every tombstone that was committed before the lock was
-- given, and none is committed until this transaction ends.
CREATE FUNCTION person_stays_destroyed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO claimledger.key_destruction (tenant) VALUES (NEW.tenant) ON CONFLICT DO NOTHING;
    PERFORM 1 FROM claimledger.key_destruction WHERE tenant = NEW.tenant FOR SHARE;
    IF EXISTS (SELECT 1 FROM claimledger.person_destroyed
        WHERE tenant = NEW.tenant AND pseudonym = NEW.pseudonym) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER person_stays_destroyed BEFORE INSERT ON person FOR EACH ROW
    EXECUTE FUNCTION person_stays_destroyed();

CREATE TRIGGER person_is_never_altered BEFORE UPDATE ON person FOR EACH ROW
    EXECUTE FUNCTION keys_refuse('a key is never altered');

CREATE FUNCTION person_leaves_a_tombstone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM claimledger.person_destroyed
        WHERE tenant = OLD.tenant AND pseudonym = OLD.pseudonym) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'a key is deleted only after it is marked as destroyed';
    END IF;
    RETURN OLD;
END
$$;

CREATE TRIGGER person_leaves_a_tombstone BEFORE DELETE ON person FOR EACH ROW
    EXECUTE FUNCTION person_leaves_a_tombstone();
CREATE TRIGGER person_is_never_truncated BEFORE TRUNCATE ON person
    EXECUTE FUNCTION keys_refuse('a key is deleted only after it is marked as destroyed');

CREATE TRIGGER person_destroyed_is_never_altered BEFORE UPDATE OR DELETE ON person_destroyed
    FOR EACH ROW EXECUTE FUNCTION keys_refuse('a destroyed key stays destroyed');
CREATE TRIGGER person_destroyed_is_never_truncated BEFORE TRUNCATE ON person_destroyed
    EXECUTE FUNCTION keys_refuse('a destroyed key stays destroyed');

CREATE TRIGGER key_destruction_only_grows BEFORE UPDATE ON key_destruction FOR EACH ROW
    WHEN (NEW.tenant <> OLD.tenant OR NEW.count <= OLD.count)
    EXECUTE FUNCTION keys_refuse('the number of destroyed keys only grows');

CREATE TABLE credential (
    tenant     bytea  NOT NULL,
    credential bytea  NOT NULL,
    token_hash bytea  NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    roles      text   NOT NULL, -- words of the vocabulary, separated by spaces
    source     bytea,
    created_at bigint NOT NULL, -- microseconds since the epoch
    revoked_at bigint,
    mac        bytea  NOT NULL CHECK (octet_length(mac) = 32), -- over the other columns
    PRIMARY KEY (tenant, credential)
);

CREATE TRIGGER credential_stays_revoked BEFORE UPDATE ON credential FOR EACH ROW
    WHEN (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at)
    EXECUTE FUNCTION keys_refuse('a revoked credential stays revoked');

GRANT SELECT, INSERT ON tenant_key, person_alias, person_destroyed TO claimledger_writer;
GRANT SELECT, INSERT, DELETE ON person TO claimledger_writer;
GRANT SELECT, INSERT (tenant), UPDATE (count) ON key_destruction TO claimledger_writer;
GRANT SELECT, INSERT, UPDATE (revoked_at, mac) ON credential TO claimledger_writer;

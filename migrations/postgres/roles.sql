-- Group roles and the schema; run before each migration, by a login that may create roles, or after
-- an administrator has run it. Roles belong to the whole cluster, so another database may have made
-- them already.
--
-- owner: owns the tables and migrates them. writer: what a server needs; its login is a member and
-- owns nothing. reader: the logs and the checkpoints, for audits.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY
        ARRAY['claimledger_owner', 'claimledger_writer', 'claimledger_reader']
    LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another migration made it at the same time
            END;
        END IF;
    END LOOP;
    IF NOT pg_has_role(current_user, 'claimledger_owner', 'MEMBER') THEN
        EXECUTE format('GRANT claimledger_owner TO %I', current_user);
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'claimledger') THEN
        CREATE SCHEMA claimledger AUTHORIZATION claimledger_owner;
    END IF;
END
$$;

-- The database of a ledger and its two logins: `owner` makes and migrates the tables, `node` is
-- what the nodes log in as, and owns nothing. Run again, it sets their passwords again.
-- Variables of psql: secrets (a directory), database, groups (migrations/postgres/roles.sql).
\set owner_password `cat :'secrets'/owner-password`
\set node_password `cat :'secrets'/node-password`

SELECT format('CREATE DATABASE %I', :'database')
    WHERE NOT EXISTS (SELECT 1 FROM pg_database WHERE datname = :'database') \gexec
\connect :database
\ir :groups

SELECT format('CREATE ROLE %I LOGIN', wanted) FROM unnest(ARRAY['owner', 'node']) wanted
    WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) \gexec
ALTER ROLE owner PASSWORD :'owner_password';
ALTER ROLE node PASSWORD :'node_password';
GRANT claimledger_owner TO owner;
GRANT claimledger_writer TO node;
REVOKE CONNECT ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO owner, claimledger_writer, claimledger_reader;

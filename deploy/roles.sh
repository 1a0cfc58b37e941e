#!/bin/sh
# Makes the database of a ledger, its group roles and its logins, or sets their passwords again.
# Usage: roles.sh SECRETS, with PostgreSQL's own variables for where the server is. SECRETS has the
# files admin-password, owner-password and node-password.
set -eu
secrets=$1
here=$(dirname "$0")
PGPASSWORD=$(cat "$secrets/admin-password")
PGUSER=${PGUSER:-postgres}
PGHOST=${PGHOST:-/run/postgresql}
export PGPASSWORD PGUSER PGHOST
# In a checkout the group roles are beside the migrations; psql reads paths from the file's folder.
groups=${GROUPS_SQL:-$here/groups.sql}
[ -e "$groups" ] || groups=$here/../migrations/postgres/roles.sql
groups=$(realpath "$groups")
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set secrets="$secrets" \
    --set database="${LEDGER_DATABASE:-ledger}" --set groups="$groups" \
    --dbname postgres --file "$here/roles.sql"

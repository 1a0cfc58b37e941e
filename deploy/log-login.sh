#!/bin/sh
# Makes the login `ledger` of KurrentDB, or leaves it. Usage: log-login.sh URL CA SECRETS, with the
# administrator's password in KURRENTDB_ADMIN_PASSWORD and the login's in SECRETS/log-password.
set -eu
password=$(cat "$3/log-password")
# Passwords come from standard input and a file: arguments are shown to every process.
body=$(mktemp)
trap 'rm -f "$body"' EXIT
printf '{"LoginName":"ledger","FullName":"claimledger","Groups":[],"Password":"%s"}' \
    "$password" >"$body"
status=$(printf 'user = "admin:%s"\n' "$KURRENTDB_ADMIN_PASSWORD" |
    curl --config - --silent --show-error --location-trusted --cacert "$2" \
        --header 'Content-Type: application/json' --data "@$body" \
        --output /dev/null --write-out '%{http_code}' "$1/users/")
case $status in
    201) echo "the login ledger was made" ;;
    409) echo "the login ledger is there" ;;
    *)
        echo "KurrentDB answered status $status to the new login" >&2
        exit 1
        ;;
esac

#!/bin/sh
# Makes the secrets of a deployment that are missing, and changes none that is there.
# Usage: secrets.sh DIR. DIR has a directory for each reader: postgres, owner, node, and log where
# KurrentDB asks for a password.
set -eu
umask 077
root=$1
postgres=${POSTGRES_UID:-999}
node=${NODE_UID:-10001}
log=${LOG_UID:-1001}

# put FILE OWNER: standard input, all or nothing.
put() {
    cat >"$1.new"
    chown "$2" "$1.new"
    mv "$1.new" "$1"
}

# password NAME READER:OWNER...: one password, in the directory of each reader.
password() {
    name=$1
    shift
    value=""
    for to in "$@"; do
        file="$root/${to%:*}/$name"
        if [ -s "$file" ]; then value=$(cat "$file"); fi
    done
    if [ -z "$value" ]; then value=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'); fi
    for to in "$@"; do
        file="$root/${to%:*}/$name"
        if [ ! -s "$file" ]; then printf '%s\n' "$value" | put "$file" "${to#*:}"; fi
    done
}

password admin-password "postgres:$postgres"
password owner-password "postgres:$postgres" "owner:$node"
password node-password "postgres:$postgres" "node:$node"
if [ -d "$root/log" ]; then password log-password "log:$log" "node:$node"; fi
if [ ! -s "$root/node/master-key" ]; then
    head -c 32 /dev/urandom | put "$root/node/master-key" "$node"
fi

#!/bin/bash
# An authority in DIR/ca and a certificate for each of three nodes of KurrentDB, unless they are
# there. Usage: certificates.sh DIR, with es-gencert-cli in PATH.
set -eu
cd "$1"
if [ ! -s ca/ca.crt ]; then es-gencert-cli create-ca -out ca; fi
for node in 1 2 3; do
    if [ ! -s "node-$node/node.crt" ]; then
        es-gencert-cli create-node -ca-certificate ca/ca.crt -ca-key ca/ca.key -out "node-$node" \
            -ip-addresses "127.0.0.1,172.30.240.1$node" -dns-names localhost
    fi
    # Read by the user of the server in its image.
    chown -R "${LOG_UID:-1001}" "node-$node"
done
# The authority's key signs for any node: nothing that runs reads it.
chmod 600 ca/ca.key
chmod 644 ca/ca.crt
chmod 755 ca

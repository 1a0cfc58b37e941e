-- Small values that are neither records nor keys: cursors of pollers, looks at configurations.
-- A removed key keeps its row without a value, so that no version of a key is used twice.
CREATE TABLE state (
    tenant  TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    value   BLOB,
    sum     INTEGER NOT NULL, -- CRC-32 of tenant, key, version and value
    PRIMARY KEY (tenant, key)
) STRICT;

-- The Merkle trees of the logs: all of it can be deleted and built again from the log.
--
-- One row per tenant: the tree that its tiles are of.
CREATE TABLE tree (
    tenant TEXT    PRIMARY KEY,
    size   INTEGER NOT NULL CHECK (size >= 0),
    root   BLOB    NOT NULL CHECK (length(root) = 32),
    sum    INTEGER NOT NULL -- CRC-32 of the other columns
) STRICT;

-- Tiles as C2SP tlog-tiles defines them: up to 256 hashes of one level in a row. Of a tile that is
-- not full, the widest is kept: a narrower one is its beginning.
CREATE TABLE tile (
    tenant TEXT    NOT NULL,
    level  INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hashes BLOB    NOT NULL,
    sum    INTEGER NOT NULL, -- CRC-32 of the other columns
    PRIMARY KEY (tenant, level, number)
) STRICT;

-- Several generations of a tenant's rows may stand beside each other: the one that is asked, and one that is being built. What was a tenant's number in
-- the other tables is a generation's.

-- How far a generation's rows are, and what is counted beside. Moves in the transaction that writes the rows. The number is never used again: the writer
-- remembers terms by it.
CREATE TABLE generation (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT    NOT NULL,
    place    INTEGER CHECK (place IN (0, 1)), -- 0: live, 1: shadow, NULL: out of use
    views    TEXT    NOT NULL,
    rules    TEXT    NOT NULL,
    covered  INTEGER NOT NULL DEFAULT 0,
    sessions INTEGER NOT NULL DEFAULT 0,
    report   TEXT,
    UNIQUE (tenant, place)
) STRICT;

-- So far there were no other rules than these.
INSERT INTO generation (number, tenant, place, views, rules, covered, sessions)
    SELECT number, name, 0, '1', 'r1', covered, sessions FROM checkpoint_1;

DROP TRIGGER head_1_is_counted;
DROP TABLE checkpoint_1;

ALTER TABLE record_1 RENAME COLUMN tenant TO generation;
ALTER TABLE term_1 RENAME COLUMN tenant TO generation;
ALTER TABLE head_1 RENAME COLUMN tenant TO generation;

CREATE TRIGGER head_1_is_counted AFTER INSERT ON head_1
BEGIN
    UPDATE generation SET sessions = sessions + 1 WHERE number = NEW.generation;
END;

-- What is kept of a session's records, in parts: a session is read from one place, without a look into the log.

CREATE TABLE brief_1 (
    slot  INTEGER PRIMARY KEY, -- the number of the session's term, times 1,048,576, plus the part's
    brief BLOB    NOT NULL
) STRICT;

-- Who was there at an instant is told by the index alone: a row is looked at only where its session carries what is asked.
DROP INDEX head_1_by_length;
CREATE INDEX head_1_by_length ON head_1 (generation, length, first_occurred, over_at);

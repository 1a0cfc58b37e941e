-- What is kept of a session's records, in parts: a session is read from one place, without a look into the log.

CREATE TABLE brief_1 (
    slot  INTEGER PRIMARY KEY, -- the number of the session's term, times 1,048,576, plus the part's
    brief BLOB    NOT NULL
) STRICT;

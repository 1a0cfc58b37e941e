-- What is odd about a session: a set of bits (see `session_flags.rs`). The rows before were made
-- without: all of them are deleted, and made again from the log.
DELETE FROM record_summary;
DELETE FROM posting_1;
DELETE FROM term_session_1;
DELETE FROM term_1;
DELETE FROM record_1;
DELETE FROM generation;
DELETE FROM session_row;
ALTER TABLE session_row ADD COLUMN flags INTEGER NOT NULL DEFAULT 0 CHECK (flags BETWEEN 0 AND 15);

-- The few that are odd, in the order of lists. The conditions are repeated word for word by the
-- queries, because SQLite compares them as text.
CREATE INDEX session_row_differs
    ON session_row (generation, first_occurred, first_source, first_source_id, name)
    WHERE flags & 1 <> 0;
CREATE INDEX session_row_falsified
    ON session_row (generation, first_occurred, first_source, first_source_id, name)
    WHERE flags & 2 <> 0;
CREATE INDEX session_row_outlived
    ON session_row (generation, first_occurred, first_source, first_source_id, name)
    WHERE flags & 4 <> 0;
CREATE INDEX session_row_retracted
    ON session_row (generation, first_occurred, first_source, first_source_id, name)
    WHERE flags & 8 <> 0;

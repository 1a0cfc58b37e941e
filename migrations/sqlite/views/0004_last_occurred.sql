-- When the last fact of a session occurred, and the number of bits of the time from its first fact
-- to it (as `length` has it, never less than 24): it bounds how long before an instant a session
-- began that has a fact at or after it. The rows before were made without: all of them are deleted,
-- and made again from the log.
DELETE FROM record_summary;
DELETE FROM posting_1;
DELETE FROM term_session_1;
DELETE FROM term_1;
DELETE FROM record_1;
DELETE FROM generation;
DELETE FROM session_row;
ALTER TABLE session_row ADD COLUMN last_occurred INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session_row ADD COLUMN span INTEGER NOT NULL DEFAULT 0;

-- Index-only scan: sessions with a fact at or after an instant. Rows are fetched only for those
-- that match.
CREATE INDEX session_row_by_span ON session_row (generation, span, first_occurred, last_occurred);

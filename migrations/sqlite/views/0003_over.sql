-- Who was there at an instant, without going through everybody who was there before.

-- From when on the session is over, as its row says, in microseconds since the epoch; the largest number: it may go on for ever.
ALTER TABLE head_1 ADD COLUMN over_at INTEGER NOT NULL DEFAULT 9223372036854775807;
-- How many bits the time from its first fact to then has, in microseconds; 64: it may go on for ever. Whoever was there at an instant and has so many
-- bits began no longer before it than that.
ALTER TABLE head_1 ADD COLUMN length INTEGER NOT NULL DEFAULT 64;

CREATE INDEX head_1_by_length ON head_1 (generation, length, first_occurred);
-- What an earlier size of the log did not know yet.
CREATE INDEX head_1_by_size ON head_1 (generation, assessed_to);

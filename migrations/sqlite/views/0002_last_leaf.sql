-- The leaf of the last record of a generation: shows whether the log is still the one that was
-- folded.
ALTER TABLE generation ADD COLUMN last_leaf BLOB;

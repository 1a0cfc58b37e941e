-- Where a log ends is where its records end: each goes in right behind the one before it, and the primary key sees to it that none stands there already.
-- `log_tenant.size` is an anchor from here on: the log had at least so many records when the write-ahead log was last brought into the file, so an end that
-- was cut off shows. It no longer moves with every append: that was one more page in each commit.
DROP TABLE log_refused;

CREATE TRIGGER log_entry_has_no_gap BEFORE INSERT ON log_entry
    WHEN NEW.key & 1099511627775 <> 0 AND NOT EXISTS (SELECT 1 FROM log_entry WHERE key = NEW.key - 1)
BEGIN
    SELECT RAISE(ABORT, 'a record of the log stands right behind the one before it');
END;

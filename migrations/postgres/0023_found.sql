-- What was found of a wrong value, by kind: the same value is not looked into twice.
ALTER TABLE wrong_value ADD COLUMN found TEXT;

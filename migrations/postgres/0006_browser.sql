-- The browser's side: what was told, what was repaired without asking, and the operator's mistakes as requests show them.
ALTER TABLE attempt ADD COLUMN told TEXT NOT NULL DEFAULT '';
ALTER TABLE attempt ADD COLUMN repairs TEXT NOT NULL DEFAULT '';

-- Successes have no subject: they need no place in this index.
DROP INDEX attempt_subject;
CREATE INDEX attempt_subject ON attempt (subject_key, created_at) WHERE subject_key IS NOT NULL;

CREATE TABLE finding (
    fault          TEXT PRIMARY KEY,
    detail         TEXT NOT NULL,
    first_at       BIGINT NOT NULL,
    last_at        BIGINT NOT NULL
);

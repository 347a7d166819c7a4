-- Attempts to get in, with the evidence of each.
CREATE TABLE attempt (
    id             BLOB PRIMARY KEY,
    reference      TEXT NOT NULL UNIQUE,
    created_at     INTEGER NOT NULL,
    kind           TEXT NOT NULL,
    outcome        TEXT NOT NULL,
    account_id     BLOB,
    subject_key    BLOB,
    browser_key    BLOB,
    network        TEXT NOT NULL,
    browser        TEXT NOT NULL,
    evidence       TEXT NOT NULL,
    cause          TEXT NOT NULL,
    advised        TEXT NOT NULL,
    pending_until  INTEGER,                   -- evidence is still being gathered until then
    resolved_at    INTEGER,
    resolved_by    TEXT
) WITHOUT ROWID;
CREATE INDEX attempt_account ON attempt (account_id, created_at);
CREATE INDEX attempt_subject ON attempt (subject_key, created_at);
CREATE INDEX attempt_browser ON attempt (browser_key, created_at);
CREATE INDEX attempt_age ON attempt (created_at);

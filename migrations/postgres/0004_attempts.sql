-- Attempts to get in, with the evidence of each.
CREATE TABLE attempt (
    id             UUID PRIMARY KEY,
    reference      TEXT NOT NULL UNIQUE,
    created_at     BIGINT NOT NULL,
    kind           TEXT NOT NULL,
    outcome        TEXT NOT NULL,
    account_id     UUID,
    subject_key    BYTEA,
    browser_key    BYTEA,
    network        TEXT NOT NULL,
    browser        TEXT NOT NULL,
    evidence       TEXT NOT NULL,
    cause          TEXT NOT NULL,
    advised        TEXT NOT NULL,
    pending_until  BIGINT,                   -- evidence is still being gathered until then
    resolved_at    BIGINT,
    resolved_by    TEXT
);
CREATE INDEX attempt_account ON attempt (account_id, created_at);
CREATE INDEX attempt_subject ON attempt (subject_key, created_at);
CREATE INDEX attempt_browser ON attempt (browser_key, created_at);
CREATE INDEX attempt_age ON attempt (created_at);

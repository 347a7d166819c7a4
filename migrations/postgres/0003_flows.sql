-- Acts of several steps, and the codes mailed for them.
CREATE TABLE flow (
    id             UUID PRIMARY KEY,
    kind           TEXT NOT NULL,
    browser_key    BYTEA,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    lang           TEXT NOT NULL,
    typed          TEXT NOT NULL,           -- the address or login as the person typed it
    login_id       TEXT,
    skeleton       TEXT,
    phc            TEXT,
    account_id     UUID,
    subject_key    BYTEA,                 -- keyed digest of the account, or of the typed login
    return_to      TEXT,
    attempt_id     UUID,
    sent_at        BIGINT,
    tries          BIGINT NOT NULL,
    proven_at      BIGINT,
    finished_at    BIGINT
);
CREATE INDEX flow_skeleton ON flow (skeleton);
CREATE INDEX flow_account ON flow (account_id);
CREATE INDEX flow_browser ON flow (browser_key, created_at);
CREATE INDEX flow_attempt ON flow (attempt_id);
CREATE INDEX flow_expiry ON flow (expires_at);

CREATE TABLE code (
    id             UUID PRIMARY KEY,
    subject_key    BYTEA NOT NULL,
    flow_id        UUID NOT NULL,
    digest         BYTEA NOT NULL,
    sent_at        BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    spent_at       BIGINT
);
CREATE INDEX code_subject ON code (subject_key, sent_at);
CREATE INDEX code_expiry ON code (expires_at);

-- Acts of several steps, and the codes mailed for them.
CREATE TABLE flow (
    id             BLOB PRIMARY KEY,
    kind           TEXT NOT NULL,
    browser_key    BLOB,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    lang           TEXT NOT NULL,
    typed          TEXT NOT NULL,           -- the address or login as the person typed it
    login_id       TEXT,
    skeleton       TEXT,
    phc            TEXT,
    account_id     BLOB,
    subject_key    BLOB,                 -- keyed digest of the account, or of the typed login
    return_to      TEXT,
    attempt_id     BLOB,
    sent_at        INTEGER,
    tries          INTEGER NOT NULL,
    proven_at      INTEGER,
    finished_at    INTEGER
) WITHOUT ROWID;
CREATE INDEX flow_skeleton ON flow (skeleton);
CREATE INDEX flow_account ON flow (account_id);
CREATE INDEX flow_browser ON flow (browser_key, created_at);
CREATE INDEX flow_attempt ON flow (attempt_id);
CREATE INDEX flow_expiry ON flow (expires_at);

CREATE TABLE code (
    id             BLOB PRIMARY KEY,
    subject_key    BLOB NOT NULL,
    flow_id        BLOB NOT NULL,
    digest         BLOB NOT NULL,
    sent_at        INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    spent_at       INTEGER
) WITHOUT ROWID;
CREATE INDEX code_subject ON code (subject_key, sent_at);
CREATE INDEX code_expiry ON code (expires_at);

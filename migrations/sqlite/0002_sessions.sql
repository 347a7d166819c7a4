-- Sessions, known devices, and the counters that guard sign-in.
CREATE TABLE session (
    token_hash     BLOB PRIMARY KEY,     -- SHA-256 of the token; the token itself is nowhere
    id             BLOB NOT NULL UNIQUE,
    account_id     BLOB NOT NULL REFERENCES account (id),
    created_at     INTEGER NOT NULL,
    last_seen_at   INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    idle_ms        INTEGER NOT NULL,
    browser        TEXT NOT NULL,
    system         TEXT NOT NULL,
    network        TEXT NOT NULL,
    ended_at       INTEGER,
    ended_why      TEXT
) WITHOUT ROWID;
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE device (
    device_key     BLOB NOT NULL,
    account_id     BLOB NOT NULL REFERENCES account (id),
    first_seen_at  INTEGER NOT NULL,
    last_seen_at   INTEGER NOT NULL,
    PRIMARY KEY (account_id, device_key)
) WITHOUT ROWID;

CREATE TABLE throttle (
    counter_key    BLOB PRIMARY KEY,
    failures       INTEGER NOT NULL,
    pending        INTEGER NOT NULL,
    pending_until  INTEGER NOT NULL,
    locked_until   INTEGER NOT NULL,
    locks          INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX throttle_age ON throttle (updated_at);

-- Keyed short digests of wrong values, so that an identical repeat counts once.
CREATE TABLE wrong_value (
    digest         BLOB PRIMARY KEY,
    at             INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX wrong_value_age ON wrong_value (at);

-- Counts up whenever sessions end, so that every server knows when its memory is out of date.
CREATE TABLE epoch (
    name           TEXT PRIMARY KEY,
    value          INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO epoch (name, value) VALUES ('session', 1);

CREATE TABLE server (
    id             BLOB PRIMARY KEY,
    seen_at        INTEGER NOT NULL,
    keys_digest    BLOB NOT NULL
) WITHOUT ROWID;

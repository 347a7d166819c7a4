-- Sessions, known devices, and the counters that guard sign-in.
CREATE TABLE session (
    token_hash     BYTEA PRIMARY KEY,     -- SHA-256 of the token; the token itself is nowhere
    id             UUID NOT NULL UNIQUE,
    account_id     UUID NOT NULL REFERENCES account (id),
    created_at     BIGINT NOT NULL,
    last_seen_at   BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    idle_ms        BIGINT NOT NULL,
    browser        TEXT NOT NULL,
    system         TEXT NOT NULL,
    network        TEXT NOT NULL,
    ended_at       BIGINT,
    ended_why      TEXT
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE device (
    device_key     BYTEA NOT NULL,
    account_id     UUID NOT NULL REFERENCES account (id),
    first_seen_at  BIGINT NOT NULL,
    last_seen_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, device_key)
);

CREATE TABLE throttle (
    counter_key    BYTEA PRIMARY KEY,
    failures       BIGINT NOT NULL,
    pending        BIGINT NOT NULL,
    pending_until  BIGINT NOT NULL,
    locked_until   BIGINT NOT NULL,
    locks          BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
CREATE INDEX throttle_age ON throttle (updated_at);

-- Keyed short digests of wrong values, so that an identical repeat counts once.
CREATE TABLE wrong_value (
    digest         BYTEA PRIMARY KEY,
    at             BIGINT NOT NULL
);
CREATE INDEX wrong_value_age ON wrong_value (at);

-- Counts up whenever sessions end, so that every server knows when its memory is out of date.
CREATE TABLE epoch (
    name           TEXT PRIMARY KEY,
    value          BIGINT NOT NULL
);
INSERT INTO epoch (name, value) VALUES ('session', 1);

CREATE TABLE server (
    id             UUID PRIMARY KEY,
    seen_at        BIGINT NOT NULL,
    keys_digest    BYTEA NOT NULL
);

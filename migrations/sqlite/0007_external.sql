-- External accounts: links, the ways to a provider and back, and what providers pushed.
CREATE TABLE link (
    id             BLOB PRIMARY KEY,
    account_id     BLOB NOT NULL REFERENCES account (id),
    provider       TEXT NOT NULL,             -- its name in the settings
    issuer         TEXT NOT NULL,
    subject        TEXT NOT NULL,
    shown          TEXT NOT NULL,             -- whose identity it is, masked
    email_key      TEXT,                      -- the verified address that came with it, lower-case
    state          TEXT NOT NULL,
    state_why      TEXT NOT NULL,
    state_source   TEXT NOT NULL,
    state_since    INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    last_used_at   INTEGER,
    removed_at     INTEGER                    -- kept a while, to tell "removed here" from "never linked"
) WITHOUT ROWID;
CREATE UNIQUE INDEX link_identity ON link (issuer, subject) WHERE removed_at IS NULL;
CREATE INDEX link_past ON link (issuer, subject, removed_at);
CREATE INDEX link_account ON link (account_id);

CREATE TABLE journey (
    id             BLOB PRIMARY KEY,
    state_key      BLOB NOT NULL UNIQUE,      -- keyed digest of `state`; nonce and verifier are derived from it
    provider       TEXT NOT NULL,
    purpose        TEXT NOT NULL,             -- sign_in, link, relink, test
    browser_key    BLOB NOT NULL,
    account_id     BLOB,
    link_id        BLOB,
    return_to      TEXT,
    by_hand        INTEGER NOT NULL,          -- begun anew because signing in by itself failed
    started_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    posted         TEXT,                      -- what came as a form from the provider's page, until it is taken
    returned_at    INTEGER,
    outcome        TEXT NOT NULL,
    identity       TEXT,                      -- who came back, until it is linked
    saw            TEXT,                      -- what the person says that the provider showed
    reference      TEXT,                      -- of the attempt that says why it is not linked
    finished_at    INTEGER
) WITHOUT ROWID;
CREATE INDEX journey_browser ON journey (browser_key, started_at);
CREATE INDEX journey_expiry ON journey (expires_at);

CREATE TABLE pushed (
    token_key      BLOB PRIMARY KEY,          -- keyed digest of provider and token identifier
    at             INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX pushed_age ON pushed (at);

ALTER TABLE session ADD COLUMN link_id BLOB;
ALTER TABLE flow ADD COLUMN journey_id BLOB;
ALTER TABLE email ADD COLUMN closed_since INTEGER;
CREATE INDEX device_key ON device (device_key);

-- External accounts: links, the ways to a provider and back, and what providers pushed.
CREATE TABLE link (
    id             UUID PRIMARY KEY,
    account_id     UUID NOT NULL REFERENCES account (id),
    provider       TEXT NOT NULL,             -- its name in the settings
    issuer         TEXT NOT NULL,
    subject        TEXT NOT NULL,
    shown          TEXT NOT NULL,             -- whose identity it is, masked
    email_key      TEXT,                      -- the verified address that came with it, lower-case
    state          TEXT NOT NULL,
    state_why      TEXT NOT NULL,
    state_source   TEXT NOT NULL,
    state_since    BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    last_used_at   BIGINT,
    removed_at     BIGINT                    -- kept a while, to tell "removed here" from "never linked"
);
CREATE UNIQUE INDEX link_identity ON link (issuer, subject) WHERE removed_at IS NULL;
CREATE INDEX link_past ON link (issuer, subject, removed_at);
CREATE INDEX link_account ON link (account_id);

CREATE TABLE journey (
    id             UUID PRIMARY KEY,
    state_key      BYTEA NOT NULL UNIQUE,      -- keyed digest of `state`; nonce and verifier are derived from it
    provider       TEXT NOT NULL,
    purpose        TEXT NOT NULL,             -- sign_in, link, relink, test
    browser_key    BYTEA NOT NULL,
    account_id     UUID,
    link_id        UUID,
    return_to      TEXT,
    by_hand        BIGINT NOT NULL,          -- begun anew because signing in by itself failed
    started_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    posted         TEXT,                      -- what came as a form from the provider's page, until it is taken
    returned_at    BIGINT,
    outcome        TEXT NOT NULL,
    identity       TEXT,                      -- who came back, until it is linked
    saw            TEXT,                      -- what the person says that the provider showed
    reference      TEXT,                      -- of the attempt that says why it is not linked
    finished_at    BIGINT
);
CREATE INDEX journey_browser ON journey (browser_key, started_at);
CREATE INDEX journey_expiry ON journey (expires_at);

CREATE TABLE pushed (
    token_key      BYTEA PRIMARY KEY,          -- keyed digest of provider and token identifier
    at             BIGINT NOT NULL
);
CREATE INDEX pushed_age ON pushed (at);

ALTER TABLE session ADD COLUMN link_id UUID;
ALTER TABLE flow ADD COLUMN journey_id UUID;
ALTER TABLE email ADD COLUMN closed_since BIGINT;
CREATE INDEX device_key ON device (device_key);

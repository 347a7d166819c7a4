-- Accounts, their addresses and passwords.
CREATE TABLE account (
    id             UUID PRIMARY KEY,
    login_id       TEXT NOT NULL,
    skeleton       TEXT NOT NULL UNIQUE,   -- look-alike IDs are one; kept for ever, so that no ID is used twice
    state          TEXT NOT NULL,
    credential_version BIGINT NOT NULL,     -- counts up with every change of a credential
    created_at     BIGINT NOT NULL,
    state_since    BIGINT NOT NULL,
    staff_since    BIGINT,
    last_sign_in_at BIGINT,
    lang           TEXT NOT NULL
);

CREATE TABLE email (
    address_key    TEXT PRIMARY KEY,       -- lower-case; one account an address
    address        TEXT NOT NULL,
    account_id     UUID NOT NULL REFERENCES account (id),
    verified_at    BIGINT NOT NULL,
    primary_since  BIGINT
);
CREATE INDEX email_account ON email (account_id);

CREATE TABLE password (
    account_id     UUID PRIMARY KEY REFERENCES account (id),
    phc            TEXT NOT NULL,
    set_at         BIGINT NOT NULL
);

-- The last three, kept hashed only to recognise an old password.
CREATE TABLE old_password (
    account_id     UUID NOT NULL REFERENCES account (id),
    replaced_at    BIGINT NOT NULL,
    phc            TEXT NOT NULL,
    PRIMARY KEY (account_id, replaced_at)
);

CREATE TABLE audit (
    id             UUID PRIMARY KEY,
    at             BIGINT NOT NULL,
    actor          TEXT NOT NULL,
    act            TEXT NOT NULL,
    account_id     UUID,
    detail         TEXT NOT NULL
);
CREATE INDEX audit_account ON audit (account_id, at);

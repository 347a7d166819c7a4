-- Accounts, their addresses and passwords.
CREATE TABLE account (
    id             BLOB PRIMARY KEY,
    login_id       TEXT NOT NULL,
    skeleton       TEXT NOT NULL UNIQUE,   -- look-alike IDs are one; kept for ever, so that no ID is used twice
    state          TEXT NOT NULL,
    credential_version INTEGER NOT NULL,     -- counts up with every change of a credential
    created_at     INTEGER NOT NULL,
    state_since    INTEGER NOT NULL,
    staff_since    INTEGER,
    last_sign_in_at INTEGER,
    lang           TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE email (
    address_key    TEXT PRIMARY KEY,       -- lower-case; one account an address
    address        TEXT NOT NULL,
    account_id     BLOB NOT NULL REFERENCES account (id),
    verified_at    INTEGER NOT NULL,
    primary_since  INTEGER
) WITHOUT ROWID;
CREATE INDEX email_account ON email (account_id);

CREATE TABLE password (
    account_id     BLOB PRIMARY KEY REFERENCES account (id),
    phc            TEXT NOT NULL,
    set_at         INTEGER NOT NULL
) WITHOUT ROWID;

-- The last three, kept hashed only to recognise an old password.
CREATE TABLE old_password (
    account_id     BLOB NOT NULL REFERENCES account (id),
    replaced_at    INTEGER NOT NULL,
    phc            TEXT NOT NULL,
    PRIMARY KEY (account_id, replaced_at)
) WITHOUT ROWID;

CREATE TABLE audit (
    id             BLOB PRIMARY KEY,
    at             INTEGER NOT NULL,
    actor          TEXT NOT NULL,
    act            TEXT NOT NULL,
    account_id     BLOB,
    detail         TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX audit_account ON audit (account_id, at);

-- Mail that must be sent, and what became of it.
CREATE TABLE outbox (
    id             BLOB PRIMARY KEY,
    kind           TEXT NOT NULL,
    account_id     BLOB,
    flow_id        BLOB,
    address        TEXT,
    data           TEXT NOT NULL,           -- what the words need; never a code or a secret
    lang           TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    due_at         INTEGER NOT NULL,
    deadline_at    INTEGER NOT NULL,
    tries          INTEGER NOT NULL,
    done_at        INTEGER,
    failed_at      INTEGER
) WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (done_at, due_at);

CREATE TABLE delivery (
    id             BLOB PRIMARY KEY,
    at             INTEGER NOT NULL,
    address_key    TEXT NOT NULL,
    domain         TEXT NOT NULL,
    kind           TEXT NOT NULL,
    outcome        TEXT NOT NULL,
    status         INTEGER NOT NULL,
    answer         TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX delivery_address ON delivery (address_key, at);
CREATE INDEX delivery_age ON delivery (at);

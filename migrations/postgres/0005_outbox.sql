-- Mail that must be sent, and what became of it.
CREATE TABLE outbox (
    id             UUID PRIMARY KEY,
    kind           TEXT NOT NULL,
    account_id     UUID,
    flow_id        UUID,
    address        TEXT,
    data           TEXT NOT NULL,           -- what the words need; never a code or a secret
    lang           TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    due_at         BIGINT NOT NULL,
    deadline_at    BIGINT NOT NULL,
    tries          BIGINT NOT NULL,
    done_at        BIGINT,
    failed_at      BIGINT
);
CREATE INDEX outbox_due ON outbox (done_at, due_at);

CREATE TABLE delivery (
    id             UUID PRIMARY KEY,
    at             BIGINT NOT NULL,
    address_key    TEXT NOT NULL,
    domain         TEXT NOT NULL,
    kind           TEXT NOT NULL,
    outcome        TEXT NOT NULL,
    status         BIGINT NOT NULL,
    answer         TEXT NOT NULL
);
CREATE INDEX delivery_address ON delivery (address_key, at);
CREATE INDEX delivery_age ON delivery (at);

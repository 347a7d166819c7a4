-- The platform's side: notices, what is measured, who wants to hear, and in what attempts differ.
CREATE TABLE notice (
    id             TEXT PRIMARY KEY,
    kind           TEXT NOT NULL,             -- incident, maintenance
    stage          TEXT NOT NULL,
    title          TEXT NOT NULL,
    title_en       TEXT NOT NULL,
    impact         TEXT NOT NULL,
    door           TEXT NOT NULL,             -- open, read_only, closed
    components     TEXT NOT NULL,             -- their names, with blanks between them
    slice          TEXT NOT NULL,             -- what a proposal stands out in, or nothing
    begins_at      INTEGER NOT NULL,
    ends_at        INTEGER,
    next_update_at INTEGER,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    ended_at       INTEGER,
    merged_into    TEXT
) WITHOUT ROWID;
CREATE INDEX notice_age ON notice (ended_at, begins_at);

CREATE TABLE notice_update (
    id             BLOB PRIMARY KEY,
    notice_id      TEXT NOT NULL REFERENCES notice (id),
    at             INTEGER NOT NULL,
    stage          TEXT NOT NULL,
    body           TEXT NOT NULL,
    body_en        TEXT NOT NULL,
    actor          TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX notice_update_notice ON notice_update (notice_id, at);

-- What each server sees of each component.
CREATE TABLE observation (
    server_id      BLOB NOT NULL,
    component      TEXT NOT NULL,
    level          TEXT NOT NULL,
    since          INTEGER NOT NULL,
    seen_at        INTEGER NOT NULL,
    PRIMARY KEY (server_id, component)
) WITHOUT ROWID;

CREATE TABLE component_day (
    component      TEXT NOT NULL,
    day            INTEGER NOT NULL,          -- days since 1970, in the service's zone
    level          TEXT NOT NULL,
    ms             INTEGER NOT NULL,
    PRIMARY KEY (component, day, level)
) WITHOUT ROWID;

-- How a component fares in each hour of the week.
CREATE TABLE usual (
    component      TEXT NOT NULL,
    hour           INTEGER NOT NULL,          -- 0 to 167, Monday midnight first, in the service's zone
    tries          INTEGER NOT NULL,
    good           INTEGER NOT NULL,
    slow_us        INTEGER NOT NULL,
    PRIMARY KEY (component, hour)
) WITHOUT ROWID;

CREATE TABLE subscriber (
    id             BLOB PRIMARY KEY,
    way            TEXT NOT NULL,             -- mail, webhook
    target         TEXT NOT NULL,             -- the address, or the URL
    target_key     BLOB NOT NULL UNIQUE,
    lang           TEXT NOT NULL,
    secret         TEXT,                      -- a webhook's, sealed
    created_at     INTEGER NOT NULL,
    confirmed_at   INTEGER,
    failures       INTEGER NOT NULL
) WITHOUT ROWID;

-- Webhooks that must be called.
CREATE TABLE hook (
    id             BLOB PRIMARY KEY,
    subscriber_id  BLOB NOT NULL,
    body           TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    due_at         INTEGER NOT NULL,
    deadline_at    INTEGER NOT NULL,
    tries          INTEGER NOT NULL,
    done_at        INTEGER
) WITHOUT ROWID;
CREATE INDEX hook_due ON hook (done_at, due_at);

-- "Tell me when it works."
CREATE TABLE waiting (
    id             BLOB PRIMARY KEY,
    person_key     BLOB NOT NULL,
    component      TEXT NOT NULL,
    address        TEXT,
    account_id     BLOB,
    lang           TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    UNIQUE (component, person_key)
) WITHOUT ROWID;

-- "Me too": one press a browser and cause.
CREATE TABLE me_too (
    browser_key    BLOB NOT NULL,
    cause          TEXT NOT NULL,
    at             INTEGER NOT NULL,
    PRIMARY KEY (browser_key, cause)
) WITHOUT ROWID;
CREATE INDEX me_too_age ON me_too (at);

ALTER TABLE attempt ADD COLUMN slices TEXT NOT NULL DEFAULT '';

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
    begins_at      BIGINT NOT NULL,
    ends_at        BIGINT,
    next_update_at BIGINT,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    ended_at       BIGINT,
    merged_into    TEXT
);
CREATE INDEX notice_age ON notice (ended_at, begins_at);

CREATE TABLE notice_update (
    id             UUID PRIMARY KEY,
    notice_id      TEXT NOT NULL REFERENCES notice (id),
    at             BIGINT NOT NULL,
    stage          TEXT NOT NULL,
    body           TEXT NOT NULL,
    body_en        TEXT NOT NULL,
    actor          TEXT NOT NULL
);
CREATE INDEX notice_update_notice ON notice_update (notice_id, at);

-- What each server sees of each component.
CREATE TABLE observation (
    server_id      UUID NOT NULL,
    component      TEXT NOT NULL,
    level          TEXT NOT NULL,
    since          BIGINT NOT NULL,
    seen_at        BIGINT NOT NULL,
    PRIMARY KEY (server_id, component)
);

CREATE TABLE component_day (
    component      TEXT NOT NULL,
    day            BIGINT NOT NULL,          -- days since 1970, in the service's zone
    level          TEXT NOT NULL,
    ms             BIGINT NOT NULL,
    PRIMARY KEY (component, day, level)
);

-- How a component fares in each hour of the week.
CREATE TABLE usual (
    component      TEXT NOT NULL,
    hour           BIGINT NOT NULL,          -- 0 to 167, Monday midnight first, in the service's zone
    tries          BIGINT NOT NULL,
    good           BIGINT NOT NULL,
    slow_us        BIGINT NOT NULL,
    PRIMARY KEY (component, hour)
);

CREATE TABLE subscriber (
    id             UUID PRIMARY KEY,
    way            TEXT NOT NULL,             -- mail, webhook
    target         TEXT NOT NULL,             -- the address, or the URL
    target_key     BYTEA NOT NULL UNIQUE,
    lang           TEXT NOT NULL,
    secret         TEXT,                      -- a webhook's, sealed
    created_at     BIGINT NOT NULL,
    confirmed_at   BIGINT,
    failures       BIGINT NOT NULL
);

-- Webhooks that must be called.
CREATE TABLE hook (
    id             UUID PRIMARY KEY,
    subscriber_id  UUID NOT NULL,
    body           TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    due_at         BIGINT NOT NULL,
    deadline_at    BIGINT NOT NULL,
    tries          BIGINT NOT NULL,
    done_at        BIGINT
);
CREATE INDEX hook_due ON hook (done_at, due_at);

-- "Tell me when it works."
CREATE TABLE waiting (
    id             UUID PRIMARY KEY,
    person_key     BYTEA NOT NULL,
    component      TEXT NOT NULL,
    address        TEXT,
    account_id     UUID,
    lang           TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    UNIQUE (component, person_key)
);

-- "Me too": one press a browser and cause.
CREATE TABLE me_too (
    browser_key    BYTEA NOT NULL,
    cause          TEXT NOT NULL,
    at             BIGINT NOT NULL,
    PRIMARY KEY (browser_key, cause)
);
CREATE INDEX me_too_age ON me_too (at);

ALTER TABLE attempt ADD COLUMN slices TEXT NOT NULL DEFAULT '';

-- Tokens that are worth nothing any more: what every server follows. Numbers are given before the commit, so a
-- reader comes back for those it has missed.
CREATE TABLE ending (
    id             BIGSERIAL PRIMARY KEY,
    token_hash     BYTEA NOT NULL,
    at             BIGINT NOT NULL
);
CREATE INDEX ending_age ON ending (at);
DROP TABLE epoch;

-- Tokens that are worth nothing any more, in the order in which that was committed: what every server follows.
CREATE TABLE ending (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash     BLOB NOT NULL,
    at             INTEGER NOT NULL
);
CREATE INDEX ending_age ON ending (at);
DROP TABLE epoch;

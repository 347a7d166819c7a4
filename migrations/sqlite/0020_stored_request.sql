-- What goes on after a sign-in and is longer than a query should carry.
CREATE TABLE stored_request (
    id                 BLOB NOT NULL PRIMARY KEY,
    target             TEXT NOT NULL,
    expires_at         INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX stored_request_expires ON stored_request (expires_at);

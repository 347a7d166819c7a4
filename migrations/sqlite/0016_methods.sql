-- What was proven in a session, and when last; a new token changes none of it.
CREATE TABLE session_method (
    session_id     BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    method         TEXT NOT NULL,
    at             INTEGER NOT NULL,
    PRIMARY KEY (session_id, method)
) WITHOUT ROWID;

-- A sign-in that is not complete: what was proven in it waits here for its next step. A flow of kind 'sign_in' says whose
-- it is and where the person wanted to go.
CREATE TABLE pending_sign_in (
    flow_id            BLOB NOT NULL PRIMARY KEY REFERENCES flow (id) ON DELETE CASCADE,
    credential_version INTEGER NOT NULL,
    remember           INTEGER NOT NULL,
    link_id            BLOB
) WITHOUT ROWID;
CREATE TABLE pending_method (
    flow_id            BLOB NOT NULL REFERENCES pending_sign_in (flow_id) ON DELETE CASCADE,
    method             TEXT NOT NULL,
    at                 INTEGER NOT NULL,
    PRIMARY KEY (flow_id, method)
) WITHOUT ROWID;
DELETE FROM flow WHERE kind = 'reopen';

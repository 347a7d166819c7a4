-- A sign-in that is not complete: what was proven in it waits here for its next step. A flow of kind 'sign_in' says whose
-- it is and where the person wanted to go.
CREATE TABLE pending_sign_in (
    flow_id            UUID NOT NULL PRIMARY KEY REFERENCES flow (id) ON DELETE CASCADE,
    credential_version BIGINT NOT NULL,
    remember           BIGINT NOT NULL,
    link_id            UUID
);
CREATE TABLE pending_method (
    flow_id            UUID NOT NULL REFERENCES pending_sign_in (flow_id) ON DELETE CASCADE,
    method             TEXT NOT NULL,
    at                 BIGINT NOT NULL,
    PRIMARY KEY (flow_id, method)
);
DELETE FROM flow WHERE kind = 'reopen';

-- A way to a provider and back is an authorization session (OpenID Connect Core 1.0, 3.1).
ALTER TABLE journey RENAME TO authorization_session;
ALTER TABLE flow RENAME COLUMN journey_id TO authorization_id;

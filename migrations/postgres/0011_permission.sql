-- Refresh tokens, sealed, where the operator has them kept: by them it is asked whether a permission still holds.
ALTER TABLE link ADD COLUMN refresh_token TEXT;
ALTER TABLE link ADD COLUMN refresh_given_at BIGINT;
ALTER TABLE link ADD COLUMN refresh_asked_at BIGINT;
ALTER TABLE link ADD COLUMN refresh_busy_until BIGINT;
CREATE INDEX link_permission ON link (provider, refresh_asked_at) WHERE refresh_asked_at IS NOT NULL;

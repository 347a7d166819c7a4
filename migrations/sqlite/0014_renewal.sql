-- When a session got the token that it has; nothing: when it began.
ALTER TABLE session ADD COLUMN token_at INTEGER;

-- What the receiver's mail server answered when it put a mail off; 0: it was not asked, or said nothing.
ALTER TABLE outbox ADD COLUMN put_off BIGINT NOT NULL DEFAULT 0;

-- Two servers that find the same trouble propose it once.
UPDATE notice SET stage = 'dismissed', ended_at = updated_at WHERE slice <> '' AND ended_at IS NULL
AND id NOT IN (SELECT MIN(id) FROM notice WHERE slice <> '' AND ended_at IS NULL GROUP BY slice);
CREATE UNIQUE INDEX notice_slice ON notice (slice) WHERE slice <> '' AND ended_at IS NULL;

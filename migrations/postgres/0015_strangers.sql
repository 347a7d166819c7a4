-- Who asked for a code, and for a mail: what a stranger asks for takes nothing from what the owner asked for.
ALTER TABLE flow ADD COLUMN network BYTEA;
ALTER TABLE code ADD COLUMN asker BYTEA;
ALTER TABLE outbox ADD COLUMN network BYTEA;
-- Where it stands in the queue; not when it is due.
ALTER TABLE outbox ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
CREATE INDEX outbox_place ON outbox (done_at, place);
-- Every wish to hear of notices is its own, with its own token; several may be for one place.
ALTER TABLE subscriber ADD COLUMN place_key BYTEA;
UPDATE subscriber SET place_key = target_key;
CREATE INDEX subscriber_place ON subscriber (place_key);

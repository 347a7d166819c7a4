-- What the receiver's mail server answered when it put a mail off; 0: it was not asked, or said nothing.
ALTER TABLE outbox ADD COLUMN put_off INTEGER NOT NULL DEFAULT 0;

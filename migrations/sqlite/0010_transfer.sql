-- The identifier by which Apple names a person after the app has moved to another team, and to which.
ALTER TABLE link ADD COLUMN transfer_subject TEXT;
ALTER TABLE link ADD COLUMN transfer_team TEXT;
CREATE UNIQUE INDEX link_transfer ON link (issuer, transfer_subject)
WHERE transfer_subject IS NOT NULL AND removed_at IS NULL;

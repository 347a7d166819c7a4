-- Wrong codes typed elsewhere than where the code was asked for; and which codes a flow was mailed.
ALTER TABLE code ADD COLUMN tries_elsewhere BIGINT NOT NULL DEFAULT 0;
CREATE INDEX code_flow ON code (flow_id);

-- News of one kind about one thing to one reader, soon after one another, become one mail: what they are about.

ALTER TABLE outbox ADD COLUMN about TEXT;
CREATE INDEX outbox_by_about ON outbox (to_user, about, id) WHERE about IS NOT NULL;

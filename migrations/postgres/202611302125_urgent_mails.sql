-- Mails for which somebody waits in front of a page, and those about the safety of an account, go first.

ALTER TABLE outbox ADD COLUMN urgent BOOLEAN NOT NULL DEFAULT FALSE;
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (urgent, next_at) WHERE state IN ('waiting', 'claimed');

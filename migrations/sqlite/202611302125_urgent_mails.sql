-- Mails for which somebody waits in front of a page, and those about the safety of an account, go first.

ALTER TABLE outbox ADD COLUMN urgent INTEGER NOT NULL DEFAULT FALSE
    CONSTRAINT outbox_urgent_bool CHECK (urgent IN (FALSE, TRUE));
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (urgent, next_at) WHERE state IN ('waiting', 'claimed');

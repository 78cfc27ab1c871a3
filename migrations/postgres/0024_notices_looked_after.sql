-- A notice that was believed and not carried out is a task until an operator has looked after it.
ALTER TABLE notices_in ADD COLUMN settled_at TIMESTAMPTZ;
DROP INDEX notices_in_odd;
CREATE INDEX notices_in_odd ON notices_in (id) WHERE outcome NOT IN ('done', 'already done') AND settled_at IS NULL;

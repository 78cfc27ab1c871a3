-- When a provider is asked (again) whether an attempt to pay was ever submitted: one that was not ends by then.
ALTER TABLE payments ADD COLUMN end_at INTEGER;
UPDATE payments SET end_at = created_at + 1800000000
WHERE state = 'pending' AND kind = 'escrow-deposit' AND method <> 'wallet';
CREATE INDEX payments_to_end ON payments (end_at) WHERE end_at IS NOT NULL;

-- Open disputes, for the operators' queue: since when the oldest of an escrow is open, and until when one
-- of them is to be decided by the operators.
ALTER TABLE escrows ADD COLUMN disputed_since INTEGER;
ALTER TABLE escrows ADD COLUMN ruling_by INTEGER;
CREATE INDEX escrows_in_dispute ON escrows (disputed_since, id) WHERE disputed_since IS NOT NULL;

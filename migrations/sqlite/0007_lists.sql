-- What lists are read by, on people's own pages and in the operators' console.

-- A wallet that was emptied keeps its statement, so it stays in its owner's list.
DROP INDEX balances_by_user;
CREATE INDEX balances_by_user ON balances (user_id, currency) WHERE amount_minor > 0 OR kind = 'wallet';

-- All of a user's escrows in the order in which they were made, whatever became of them.
CREATE INDEX parties_in_order ON parties (user_id, escrow_id);

CREATE INDEX payments_by_state ON payments (state, id);

-- The two databases fold letters to lower case in different ways, so the program does it.
ALTER TABLE escrows ADD COLUMN title_lower TEXT NOT NULL DEFAULT '';
UPDATE escrows SET title_lower = lower(title);

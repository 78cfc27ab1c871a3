-- People are named by address and name, and an arbiter stands among those of an escrow. The program knows what
-- there is to be, so that a new capacity needs no new table.
ALTER TABLE parties DROP CONSTRAINT parties_role;
ALTER TABLE parties ADD CONSTRAINT parties_role CHECK (role <> '');
-- The name this person was named by; it can be erased.
ALTER TABLE parties ADD COLUMN name TEXT;
-- Whether lists show the escrow to this person: an arbiter is told once everyone has agreed.
ALTER TABLE parties ADD COLUMN told BOOLEAN NOT NULL DEFAULT TRUE;

-- Operators are told of disputes inside the write that hands them over.
CREATE INDEX users_operators ON users (id) WHERE operator = TRUE;

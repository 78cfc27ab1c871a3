-- Sales by a link, and those who buy without an account.

-- A link's secret stays readable: it opens the terms of one sale and lets money in, and its seller wants to find
-- it again. One that was replaced is forgotten but for its hash, so that its page can say so.
CREATE TABLE pay_links (
    hash        BLOB    NOT NULL PRIMARY KEY,
    escrow_id   BLOB    NOT NULL REFERENCES escrows (id),
    secret      TEXT,
    created_at  INTEGER NOT NULL,
    replaced_at INTEGER,
    CONSTRAINT pay_links_hash_is_a_hash CHECK (length(hash) = 32),
    CONSTRAINT pay_links_secret_until_replaced CHECK ((secret IS NULL) = (replaced_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX pay_links_one_each ON pay_links (escrow_id) WHERE replaced_at IS NULL;

-- The address that a guest gave who must not be taken for the person whose account has it.
ALTER TABLE users ADD COLUMN guest_email TEXT;
CREATE UNIQUE INDEX users_by_guest_email ON users (guest_email) WHERE guest_email IS NOT NULL;

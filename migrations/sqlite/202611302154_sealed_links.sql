-- A pay link's secret is sealed with a key outside the database. It opens the terms of one sale, lets money in, and its
-- seller wants to find it again. `secret` holds what was readable before, until the next start seals it.
CREATE TABLE pay_links_new (
    hash        BLOB    NOT NULL PRIMARY KEY,
    escrow_id   BLOB    NOT NULL REFERENCES escrows (id),
    secret      TEXT,
    sealed      BLOB,
    created_at  INTEGER NOT NULL,
    replaced_at INTEGER,
    CONSTRAINT pay_links_hash_is_a_hash CHECK (length(hash) = 32),
    CONSTRAINT pay_links_secret_until_replaced
        CHECK ((secret IS NULL AND sealed IS NULL) = (replaced_at IS NOT NULL)),
    CONSTRAINT pay_links_sealed_or_readable CHECK (secret IS NULL OR sealed IS NULL)
) STRICT;
INSERT INTO pay_links_new (hash, escrow_id, secret, created_at, replaced_at)
    SELECT hash, escrow_id, secret, created_at, replaced_at FROM pay_links;
DROP TABLE pay_links;
ALTER TABLE pay_links_new RENAME TO pay_links;
CREATE UNIQUE INDEX pay_links_one_each ON pay_links (escrow_id) WHERE replaced_at IS NULL;

-- A pay link's secret is sealed with a key outside the database. It opens the terms of one sale, lets money in, and its
-- seller wants to find it again. `secret` holds what was readable before, until the next start seals it.
ALTER TABLE pay_links ADD COLUMN sealed BYTEA;
ALTER TABLE pay_links DROP CONSTRAINT pay_links_secret_until_replaced;
ALTER TABLE pay_links ADD CONSTRAINT pay_links_secret_until_replaced
    CHECK ((secret IS NULL AND sealed IS NULL) = (replaced_at IS NOT NULL));
ALTER TABLE pay_links ADD CONSTRAINT pay_links_sealed_or_readable CHECK (secret IS NULL OR sealed IS NULL);

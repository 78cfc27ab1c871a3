-- What lists are searched by: without case and accents, as the program writes it. NULL until it has.
ALTER TABLE escrows ADD COLUMN title_search TEXT;
ALTER TABLE escrows ADD COLUMN external_search TEXT;
ALTER TABLE users ADD COLUMN name_search TEXT;
CREATE INDEX escrows_without_search ON escrows (id) WHERE title_search IS NULL;
CREATE INDEX users_without_search ON users (id) WHERE name_search IS NULL;

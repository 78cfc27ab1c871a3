-- Files that people attached. The bytes lie below the data folder under their SHA-256; a row says who
-- put them there, under what name and for what.

CREATE TABLE files (
    id          UUID        NOT NULL PRIMARY KEY,
    -- NULL while the escrow is a draft or the form is not finished: then it is its uploader's alone.
    escrow_id   UUID,
    uploader    UUID        NOT NULL REFERENCES users (id),
    -- Erasable. Events hold only the hash of salt and name.
    name        TEXT        NOT NULL,
    salt        BYTEA       NOT NULL,
    size        BIGINT      NOT NULL,
    sha256      TEXT        NOT NULL,
    media_type  TEXT        NOT NULL,
    purpose     TEXT        NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    CONSTRAINT files_name_length CHECK (length(name) <= 200),
    CONSTRAINT files_size CHECK (size BETWEEN 1 AND 20971520),
    CONSTRAINT files_sha256_is_hex CHECK (length(sha256) = 64),
    CONSTRAINT files_purpose CHECK (purpose IN ('terms', 'delivery'))
);
CREATE INDEX files_by_escrow ON files (escrow_id, id);
CREATE INDEX files_by_uploader ON files (uploader, id) WHERE escrow_id IS NULL;
CREATE INDEX files_by_content ON files (sha256);

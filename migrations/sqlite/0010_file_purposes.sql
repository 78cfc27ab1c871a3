-- A file can belong to more than terms and deliveries. The program knows what there is, so that a new
-- purpose needs no new table.

CREATE TABLE files_new (
    id          BLOB    NOT NULL PRIMARY KEY,
    -- NULL while the escrow is a draft or the form is not finished: then it is its uploader's alone.
    escrow_id   BLOB,
    uploader    BLOB    NOT NULL REFERENCES users (id),
    -- Erasable. Events hold only the hash of salt and name.
    name        TEXT    NOT NULL,
    salt        BLOB    NOT NULL,
    size        INTEGER NOT NULL,
    sha256      TEXT    NOT NULL,
    media_type  TEXT    NOT NULL,
    purpose     TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    draft_id    BLOB REFERENCES drafts (id),
    CONSTRAINT files_name_length CHECK (length(name) <= 200),
    CONSTRAINT files_size CHECK (size BETWEEN 1 AND 20971520),
    CONSTRAINT files_sha256_is_hex CHECK (length(sha256) = 64),
    CONSTRAINT files_purpose CHECK (purpose <> '')
) STRICT;
INSERT INTO files_new (id, escrow_id, uploader, name, salt, size, sha256, media_type, purpose, created_at, draft_id)
    SELECT id, escrow_id, uploader, name, salt, size, sha256, media_type, purpose, created_at, draft_id FROM files;
DROP TABLE files;
ALTER TABLE files_new RENAME TO files;
CREATE INDEX files_by_escrow ON files (escrow_id, id);
CREATE INDEX files_by_uploader ON files (uploader, id) WHERE escrow_id IS NULL;
CREATE INDEX files_by_content ON files (sha256);
CREATE INDEX files_by_draft ON files (draft_id, id) WHERE draft_id IS NOT NULL;

-- A database that was begun as a rehearsal: it holds nobody's real deals, and operators may look as others in it.

ALTER TABLE rehearsal ADD COLUMN begun INTEGER NOT NULL DEFAULT FALSE
    CONSTRAINT rehearsal_begun_bool CHECK (begun IN (FALSE, TRUE));

-- One row that is written to see whether anything can be. The weight makes it as heavy as the write of an escrow.
CREATE TABLE write_probe (
    id         INTEGER NOT NULL PRIMARY KEY CONSTRAINT write_probe_is_one_row CHECK (id = 1),
    written_at INTEGER NOT NULL,
    weight     BLOB    NOT NULL
) STRICT;

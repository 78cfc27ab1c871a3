-- How far the clock of a rehearsal is ahead of the real one. One row; it only ever grows.

CREATE TABLE rehearsal (
    id           INTEGER NOT NULL PRIMARY KEY,
    ahead_micros INTEGER NOT NULL,
    CONSTRAINT rehearsal_one_row CHECK (id = 1),
    CONSTRAINT rehearsal_ahead CHECK (ahead_micros >= 0)
) STRICT;
INSERT INTO rehearsal (id, ahead_micros) VALUES (1, 0);

-- How far the clock of a rehearsal is ahead of the real one. One row; it only ever grows.

CREATE TABLE rehearsal (
    id           BIGINT NOT NULL PRIMARY KEY,
    ahead_micros BIGINT NOT NULL,
    CONSTRAINT rehearsal_one_row CHECK (id = 1),
    CONSTRAINT rehearsal_ahead CHECK (ahead_micros >= 0)
);
INSERT INTO rehearsal (id, ahead_micros) VALUES (1, 0);

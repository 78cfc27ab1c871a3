-- Checkpoints: a signed digest over the ends of all chains. Whoever keeps one elsewhere sees later whether the history
-- still begins as it did.

CREATE TABLE checkpoints (
    number     INTEGER NOT NULL PRIMARY KEY,
    at         INTEGER NOT NULL,
    -- The exact bytes that were signed.
    body       TEXT    NOT NULL,
    signature  TEXT    NOT NULL,
    CONSTRAINT checkpoints_number CHECK (number > 0)
) STRICT;
CREATE TRIGGER checkpoints_are_never_changed BEFORE UPDATE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END;
CREATE TRIGGER checkpoints_are_never_deleted BEFORE DELETE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints are never deleted'); END;
CREATE TRIGGER checkpoints_are_never_replaced BEFORE INSERT ON checkpoints
WHEN EXISTS (SELECT 1 FROM checkpoints WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END;

-- The ends of the chains that a checkpoint covers: a row for each that is not where the one before had it. The audit's
-- chain has the id of zeros. No key leads to the chains, so that one that is gone is missed.
CREATE TABLE checkpoint_heads (
    chain      BLOB    NOT NULL,
    number     INTEGER NOT NULL REFERENCES checkpoints (number),
    seq        INTEGER NOT NULL,
    head       BLOB    NOT NULL,
    PRIMARY KEY (chain, number),
    CONSTRAINT checkpoint_heads_head_is_a_hash CHECK (length(head) = 32)
) STRICT;
CREATE INDEX checkpoint_heads_by_number ON checkpoint_heads (number, chain);
CREATE TRIGGER checkpoint_heads_are_never_changed BEFORE UPDATE ON checkpoint_heads
BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END;
CREATE TRIGGER checkpoint_heads_are_never_deleted BEFORE DELETE ON checkpoint_heads
BEGIN SELECT RAISE(ABORT, 'checkpoints are never deleted'); END;
CREATE TRIGGER checkpoint_heads_are_never_replaced BEFORE INSERT ON checkpoint_heads
WHEN EXISTS (SELECT 1 FROM checkpoint_heads WHERE rowid = NEW.rowid)
    OR EXISTS (SELECT 1 FROM checkpoint_heads WHERE chain = NEW.chain AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END;

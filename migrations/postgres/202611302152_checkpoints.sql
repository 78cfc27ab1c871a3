-- Checkpoints: a signed digest over the ends of all chains. Whoever keeps one elsewhere sees later whether the history
-- still begins as it did.

CREATE TABLE checkpoints (
    number     BIGINT  NOT NULL PRIMARY KEY,
    at         TIMESTAMPTZ NOT NULL,
    -- The exact bytes that were signed.
    body       TEXT    NOT NULL,
    signature  TEXT    NOT NULL,
    CONSTRAINT checkpoints_number CHECK (number > 0)
);
CREATE TRIGGER checkpoints_are_never_changed BEFORE UPDATE OR DELETE ON checkpoints
FOR EACH ROW EXECUTE FUNCTION never_changed();
CREATE TRIGGER checkpoints_are_never_truncated BEFORE TRUNCATE ON checkpoints
FOR EACH STATEMENT EXECUTE FUNCTION never_changed();

-- The ends of the chains that a checkpoint covers: a row for each that is not where the one before had it. The audit's
-- chain has the id of zeros. No key leads to the chains, so that one that is gone is missed.
CREATE TABLE checkpoint_heads (
    chain      UUID    NOT NULL,
    number     BIGINT  NOT NULL REFERENCES checkpoints (number),
    seq        BIGINT  NOT NULL,
    head       BYTEA   NOT NULL,
    PRIMARY KEY (chain, number),
    CONSTRAINT checkpoint_heads_head_is_a_hash CHECK (length(head) = 32)
);
CREATE INDEX checkpoint_heads_by_number ON checkpoint_heads (number, chain);
CREATE TRIGGER checkpoint_heads_are_never_changed BEFORE UPDATE OR DELETE ON checkpoint_heads
FOR EACH ROW EXECUTE FUNCTION never_changed();
CREATE TRIGGER checkpoint_heads_are_never_truncated BEFORE TRUNCATE ON checkpoint_heads
FOR EACH STATEMENT EXECUTE FUNCTION never_changed();

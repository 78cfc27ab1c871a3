-- The audit as a chain, like an escrow's history: each line seals all before it. It holds every change of rights and
-- rules, so that who is an operator, who is frozen, and which fees, limits and terms stand follow from it.

CREATE TABLE audit_events (
    seq       BIGINT  NOT NULL PRIMARY KEY,
    at        TIMESTAMPTZ NOT NULL,
    -- The operator who did it; nothing for the command line and for the program itself.
    operator  UUID    REFERENCES users (id),
    act       TEXT    NOT NULL,
    -- The person whom it is about.
    user_id   UUID    REFERENCES users (id),
    -- The exact bytes that the link seals.
    body      TEXT    NOT NULL,
    hash      BYTEA   NOT NULL,
    CONSTRAINT audit_events_seq CHECK (seq > 0),
    CONSTRAINT audit_events_hash_is_a_hash CHECK (length(hash) = 32)
);
CREATE INDEX audit_events_by_key ON audit_events (seq) WHERE act = 'set_key';
CREATE TRIGGER audit_events_are_never_changed BEFORE UPDATE OR DELETE ON audit_events
FOR EACH ROW EXECUTE FUNCTION never_changed();
CREATE TRIGGER audit_events_are_never_truncated BEFORE TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION never_changed();

-- The number and the link of its last line. Whoever appends locks this row, after all others.
CREATE TABLE audit_head (
    id    BIGINT  NOT NULL PRIMARY KEY,
    seq   BIGINT  NOT NULL,
    head  BYTEA   NOT NULL,
    CONSTRAINT audit_head_one_row CHECK (id = 1),
    CONSTRAINT audit_head_is_a_hash CHECK (length(head) = 32)
);
INSERT INTO audit_head (id, seq, head) VALUES (1, 0, decode(repeat('00', 32), 'hex'));
CREATE FUNCTION audit_moves_its_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN UPDATE audit_head SET seq = NEW.seq, head = NEW.hash WHERE id = 1; RETURN NEW; END $$;
CREATE TRIGGER audit_events_move_the_head AFTER INSERT ON audit_events
FOR EACH ROW EXECUTE FUNCTION audit_moves_its_head();

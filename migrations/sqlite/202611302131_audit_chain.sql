-- The audit as a chain, like an escrow's history: each line seals all before it. It holds every change of rights and
-- rules, so that who is an operator, who is frozen, and which fees, limits and terms stand follow from it.

CREATE TABLE audit_events (
    seq       INTEGER NOT NULL PRIMARY KEY,
    at        INTEGER NOT NULL,
    -- The operator who did it; nothing for the command line and for the program itself.
    operator  BLOB    REFERENCES users (id),
    act       TEXT    NOT NULL,
    -- The person whom it is about.
    user_id   BLOB    REFERENCES users (id),
    -- The exact bytes that the link seals.
    body      TEXT    NOT NULL,
    hash      BLOB    NOT NULL,
    CONSTRAINT audit_events_seq CHECK (seq > 0),
    CONSTRAINT audit_events_hash_is_a_hash CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_events_by_key ON audit_events (seq) WHERE act = 'set_key';
CREATE TRIGGER audit_events_are_never_changed BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;
CREATE TRIGGER audit_events_are_never_deleted BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'the audit is never deleted'); END;

-- The number and the link of its last line. Whoever appends locks this row, after all others.
CREATE TABLE audit_head (
    id    INTEGER NOT NULL PRIMARY KEY,
    seq   INTEGER NOT NULL,
    head  BLOB    NOT NULL,
    CONSTRAINT audit_head_one_row CHECK (id = 1),
    CONSTRAINT audit_head_is_a_hash CHECK (length(head) = 32)
) STRICT;
INSERT INTO audit_head (id, seq, head) VALUES (1, 0, zeroblob(32));
CREATE TRIGGER audit_events_move_the_head AFTER INSERT ON audit_events
BEGIN UPDATE audit_head SET seq = NEW.seq, head = NEW.hash WHERE id = 1; END;

-- INSERT OR REPLACE removes a row without asking the triggers above; so nothing is put in a row's place.
CREATE TRIGGER audit_events_are_never_replaced BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM audit_events WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;

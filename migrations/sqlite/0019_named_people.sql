-- People are named by address and name, and an arbiter stands among those of an escrow. The program knows what
-- there is to be, so that a new capacity needs no new table.
CREATE TABLE parties_new (
    escrow_id  BLOB    NOT NULL REFERENCES escrows (id),
    user_id    BLOB    NOT NULL REFERENCES users (id),
    role       TEXT    NOT NULL,
    -- The address and the name this person was named by, and the salt of the address' digest in the terms; all can
    -- be erased.
    email      TEXT,
    name       TEXT,
    salt       BLOB,
    -- Whether lists show the escrow to this person: an arbiter is told once everyone has agreed.
    told       INTEGER NOT NULL DEFAULT TRUE,
    -- What waits for this person, and until when.
    task       TEXT,
    task_by    INTEGER,
    task_milestone INTEGER,
    over       INTEGER NOT NULL,
    PRIMARY KEY (escrow_id, user_id),
    CONSTRAINT parties_role CHECK (role <> ''),
    CONSTRAINT parties_bools CHECK (over IN (FALSE, TRUE) AND told IN (FALSE, TRUE)),
    CONSTRAINT parties_task_has_an_end CHECK ((task IS NULL) = (task_by IS NULL))
) STRICT;
INSERT INTO parties_new (escrow_id, user_id, role, email, salt, task, task_by, task_milestone, over)
    SELECT escrow_id, user_id, role, email, salt, task, task_by, task_milestone, over FROM parties;
DROP TABLE parties;
ALTER TABLE parties_new RENAME TO parties;
CREATE INDEX parties_by_user ON parties (user_id, over, escrow_id);
CREATE INDEX parties_by_task ON parties (user_id, task_by) WHERE task IS NOT NULL;
CREATE INDEX parties_in_order ON parties (user_id, escrow_id);

-- Operators are told of disputes inside the write that hands them over.
CREATE INDEX users_operators ON users (id) WHERE operator = TRUE;

-- Where there are two operators, a version of fees and limits waits until a second one has confirmed it.
CREATE TABLE fee_proposals (
    id          BLOB    NOT NULL PRIMARY KEY,
    currency    TEXT    NOT NULL,
    -- NULL for as soon as it is confirmed.
    starts_at   INTEGER,
    -- The fee and the limits, as JSON.
    rules       TEXT    NOT NULL,
    -- What it comes to, for people to read.
    words       TEXT    NOT NULL,
    created_by  BLOB    NOT NULL REFERENCES users (id),
    created_at  INTEGER NOT NULL,
    settled_by  BLOB    REFERENCES users (id),
    settled_at  INTEGER,
    confirmed   INTEGER NOT NULL DEFAULT FALSE,
    CONSTRAINT fee_proposals_settled_together CHECK ((settled_by IS NULL) = (settled_at IS NULL)),
    CONSTRAINT fee_proposals_confirmed_by_another
        CHECK (confirmed = FALSE OR (settled_by IS NOT NULL AND settled_by <> created_by)),
    CONSTRAINT fee_proposals_bool CHECK (confirmed IN (FALSE, TRUE))
) STRICT;
CREATE INDEX fee_proposals_waiting ON fee_proposals (id) WHERE settled_at IS NULL;

-- Where there are two operators, a version of fees and limits waits until a second one has confirmed it.
CREATE TABLE fee_proposals (
    id          UUID    NOT NULL PRIMARY KEY,
    currency    TEXT    NOT NULL,
    -- NULL for as soon as it is confirmed.
    starts_at   TIMESTAMPTZ,
    -- The fee and the limits, as JSON.
    rules       TEXT    NOT NULL,
    -- What it comes to, for people to read.
    words       TEXT    NOT NULL,
    created_by  UUID    NOT NULL REFERENCES users (id),
    created_at  TIMESTAMPTZ NOT NULL,
    settled_by  UUID    REFERENCES users (id),
    settled_at  TIMESTAMPTZ,
    confirmed   BOOLEAN NOT NULL DEFAULT FALSE,
    CONSTRAINT fee_proposals_settled_together CHECK ((settled_by IS NULL) = (settled_at IS NULL)),
    CONSTRAINT fee_proposals_confirmed_by_another
        CHECK (confirmed = FALSE OR (settled_by IS NOT NULL AND settled_by <> created_by))
);
CREATE INDEX fee_proposals_waiting ON fee_proposals (id) WHERE settled_at IS NULL;

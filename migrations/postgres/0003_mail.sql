-- Mails, from the moment they are owed. A row is written in the transaction of what it tells about, so
-- that neither happens without the other; a worker sends it afterwards.

CREATE TABLE outbox (
    id          UUID        NOT NULL PRIMARY KEY,
    -- Whom it is for: a user, an address, or a user at an address other than the one on record.
    to_user     UUID        REFERENCES users (id),
    to_address  TEXT,
    kind        TEXT        NOT NULL,
    -- What the letter is made from when it is sent; it never holds a secret.
    payload     TEXT        NOT NULL,
    escrow_id   UUID,
    state       TEXT        NOT NULL DEFAULT 'waiting',
    attempts    BIGINT      NOT NULL DEFAULT 0,
    -- When it may be taken next. Of a claimed one: when its worker is given up for dead.
    next_at     TIMESTAMPTZ NOT NULL,
    last_error  TEXT,
    created_at  TIMESTAMPTZ NOT NULL,
    sent_at     TIMESTAMPTZ,
    -- The letter as it was sent, without the secret in its link if it has left the house.
    subject     TEXT,
    body_text   TEXT,
    body_html   TEXT,
    CONSTRAINT outbox_has_a_reader CHECK (to_user IS NOT NULL OR to_address IS NOT NULL),
    CONSTRAINT outbox_state CHECK (state IN ('waiting', 'claimed', 'sent', 'parked')),
    CONSTRAINT outbox_kind CHECK (kind <> ''),
    CONSTRAINT outbox_attempts CHECK (attempts >= 0),
    CONSTRAINT outbox_sent_has_its_time CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT outbox_sent_has_its_text CHECK (state <> 'sent' OR (subject IS NOT NULL AND body_text IS NOT NULL))
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE state IN ('waiting', 'claimed');
CREATE INDEX outbox_parked ON outbox (id) WHERE state = 'parked';
CREATE INDEX outbox_by_escrow ON outbox (escrow_id, id);
CREATE INDEX outbox_by_user ON outbox (to_user, id);

-- What providers told us, with a signature that was right: for the operators, and for whoever asks why
-- a payment stands as it does.
CREATE TABLE notices_in (
    id           UUID    NOT NULL PRIMARY KEY,
    rail         TEXT    NOT NULL,
    -- The provider's own id of the notice. A repeated one is counted and changes nothing.
    notice_id    TEXT    NOT NULL,
    payment_id   UUID,
    body         TEXT    NOT NULL,
    -- What came of it: done, already done, unknown, or why it was refused.
    outcome      TEXT    NOT NULL,
    times        BIGINT  NOT NULL DEFAULT 1,
    received_at  TIMESTAMPTZ NOT NULL,
    CONSTRAINT notices_in_once UNIQUE (rail, notice_id),
    CONSTRAINT notices_in_times CHECK (times > 0)
);
CREATE INDEX notices_in_odd ON notices_in (id) WHERE outcome NOT IN ('done', 'already done');

-- The books of the sandbox provider, a stand-in for an outside company. No key leads from here into the
-- tables of the portal or back: the two speak by the trait and by signed notices alone.
CREATE TABLE sandbox_charges (
    -- A secret too: whoever knows it can open the page.
    reference    TEXT    NOT NULL PRIMARY KEY,
    -- What the merchant calls it. Asked for twice, it is one charge.
    merchant_ref TEXT    NOT NULL CONSTRAINT sandbox_charges_once UNIQUE,
    description  TEXT    NOT NULL,
    currency     TEXT    NOT NULL,
    amount_minor BIGINT  NOT NULL,
    return_url   TEXT    NOT NULL,
    state        TEXT    NOT NULL DEFAULT 'open',
    -- What the bank says or will say: 'paid', or the code of a refusal.
    answer       TEXT,
    -- When the answer comes; nothing once it came, or if none is on its way.
    settles_at   TIMESTAMPTZ,
    created_at   TIMESTAMPTZ NOT NULL,
    settled_at   TIMESTAMPTZ,
    CONSTRAINT sandbox_charges_state CHECK (state IN ('open', 'processing', 'paid', 'declined')),
    CONSTRAINT sandbox_charges_amount CHECK (amount_minor > 0),
    CONSTRAINT sandbox_charges_answer CHECK (settles_at IS NULL OR answer IS NOT NULL),
    CONSTRAINT sandbox_charges_settled CHECK ((state IN ('paid', 'declined')) = (settled_at IS NOT NULL))
);
CREATE INDEX sandbox_charges_due ON sandbox_charges (settles_at) WHERE settles_at IS NOT NULL;

CREATE TABLE sandbox_notices (
    id           TEXT    NOT NULL PRIMARY KEY,
    reference    TEXT    NOT NULL REFERENCES sandbox_charges (reference),
    -- The exact text that is signed anew at each attempt.
    body         TEXT    NOT NULL,
    state        TEXT    NOT NULL DEFAULT 'waiting',
    attempts     BIGINT  NOT NULL DEFAULT 0,
    -- When it may be taken next. Of a claimed one: when its worker is given up for dead.
    next_at      TIMESTAMPTZ NOT NULL,
    last_error   TEXT,
    created_at   TIMESTAMPTZ NOT NULL,
    delivered_at TIMESTAMPTZ,
    CONSTRAINT sandbox_notices_state CHECK (state IN ('waiting', 'claimed', 'delivered', 'given up')),
    CONSTRAINT sandbox_notices_delivered CHECK ((state = 'delivered') = (delivered_at IS NOT NULL))
);
CREATE INDEX sandbox_notices_due ON sandbox_notices (next_at) WHERE state IN ('waiting', 'claimed');

CREATE TABLE sandbox_settings (
    name   TEXT NOT NULL PRIMARY KEY,
    value  TEXT NOT NULL
);

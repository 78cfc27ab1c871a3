-- Escrows: the state as a document, its history as a chain, its money as entries.

CREATE TABLE escrows (
    id            UUID    NOT NULL PRIMARY KEY,
    -- What people call it: ESC-7K2M-9QXA.
    reference     TEXT    NOT NULL CONSTRAINT escrows_reference_unique UNIQUE,
    title         TEXT    NOT NULL,
    currency      TEXT    NOT NULL,
    amount_minor  BIGINT NOT NULL,
    stage         TEXT    NOT NULL,
    -- The number and the link of the last event.
    seq           BIGINT NOT NULL,
    head          BYTEA    NOT NULL,
    -- The state, written from `evolve` alone; replaying the events gives the same bytes.
    document      TEXT    NOT NULL,
    -- When something next comes due by itself.
    next_at       TIMESTAMPTZ,
    created_at    TIMESTAMPTZ NOT NULL,
    updated_at    TIMESTAMPTZ NOT NULL,
    CONSTRAINT escrows_stage CHECK (stage IN ('proposed', 'agreed', 'active', 'ended', 'closed')),
    CONSTRAINT escrows_amount CHECK (amount_minor > 0),
    CONSTRAINT escrows_head_is_a_hash CHECK (octet_length(head) = 32)
);
CREATE INDEX escrows_by_due ON escrows (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX escrows_by_stage ON escrows (stage, id);

-- Who takes part, and what waits for them: what lists are made of.
CREATE TABLE parties (
    escrow_id  UUID    NOT NULL REFERENCES escrows (id),
    user_id    UUID    NOT NULL REFERENCES users (id),
    role       TEXT    NOT NULL,
    -- The address this party was named by and the salt of its digest in the terms; both can be erased.
    email      TEXT,
    salt       BYTEA,
    -- What waits for this party, and until when.
    task       TEXT,
    task_by    TIMESTAMPTZ,
    task_milestone INTEGER,
    over       BOOLEAN NOT NULL,
    PRIMARY KEY (escrow_id, user_id),
    CONSTRAINT parties_role CHECK (role IN ('buyer', 'seller', 'broker', 'payee')),
    CONSTRAINT parties_task_has_an_end CHECK ((task IS NULL) = (task_by IS NULL))
);
CREATE INDEX parties_by_user ON parties (user_id, over, escrow_id);
CREATE INDEX parties_by_task ON parties (user_id, task_by) WHERE task IS NOT NULL;

CREATE TABLE events (
    escrow_id  UUID    NOT NULL REFERENCES escrows (id),
    seq        BIGINT NOT NULL,
    at         TIMESTAMPTZ NOT NULL,
    kind       TEXT    NOT NULL,
    milestone  INTEGER,
    -- The exact bytes that the link seals.
    body       TEXT    NOT NULL,
    hash       BYTEA    NOT NULL,
    PRIMARY KEY (escrow_id, seq),
    CONSTRAINT events_seq CHECK (seq > 0),
    CONSTRAINT events_hash_is_a_hash CHECK (octet_length(hash) = 32)
);
CREATE FUNCTION never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% are never changed or deleted', TG_TABLE_NAME USING ERRCODE = '23514'; END $$;
CREATE TRIGGER events_are_never_changed BEFORE UPDATE OR DELETE ON events
FOR EACH ROW EXECUTE FUNCTION never_changed();
CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION never_changed();

-- The ledger. An entry moves an amount from one account to another, so each sums to zero by its shape.
CREATE TABLE entries (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    escrow_id     UUID    NOT NULL,
    seq           BIGINT NOT NULL,
    line          INTEGER NOT NULL,
    from_account  TEXT    NOT NULL,
    to_account    TEXT    NOT NULL,
    currency      TEXT    NOT NULL,
    amount_minor  BIGINT NOT NULL,
    -- What a wallet holds after the entry, for statements.
    from_after    BIGINT,
    to_after      BIGINT,
    at            TIMESTAMPTZ NOT NULL,
    CONSTRAINT entries_once UNIQUE (escrow_id, seq, line),
    CONSTRAINT entries_amount CHECK (amount_minor > 0),
    CONSTRAINT entries_move CHECK (from_account <> to_account),
    CONSTRAINT entries_of_an_event FOREIGN KEY (escrow_id, seq) REFERENCES events (escrow_id, seq)
);
CREATE INDEX entries_by_from ON entries (from_account, id);
CREATE INDEX entries_by_to ON entries (to_account, id);
CREATE TRIGGER entries_are_never_changed BEFORE UPDATE OR DELETE ON entries
FOR EACH ROW EXECUTE FUNCTION never_changed();
CREATE TRIGGER entries_are_never_truncated BEFORE TRUNCATE ON entries
FOR EACH STATEMENT EXECUTE FUNCTION never_changed();

-- What held, payable and wallet accounts hold. The others are sums of entries: no row is everyone's.
CREATE TABLE balances (
    account       TEXT    NOT NULL PRIMARY KEY,
    kind          TEXT    NOT NULL,
    currency      TEXT    NOT NULL,
    user_id       UUID    REFERENCES users (id),
    escrow_id     UUID    REFERENCES escrows (id),
    amount_minor  BIGINT NOT NULL,
    CONSTRAINT balances_kind CHECK (kind IN ('held', 'payable', 'wallet')),
    CONSTRAINT balances_never_negative CHECK (amount_minor >= 0)
);
CREATE INDEX balances_by_user ON balances (user_id, currency) WHERE amount_minor > 0;
CREATE INDEX balances_by_escrow ON balances (escrow_id);

-- Movements in and out (escrow-deposit, escrow-payout, escrow-refund), as they stand with their provider.
CREATE TABLE payments (
    id            UUID    NOT NULL PRIMARY KEY,
    escrow_id     UUID    NOT NULL REFERENCES escrows (id),
    user_id       UUID    NOT NULL REFERENCES users (id),
    kind          TEXT    NOT NULL,
    method        TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    reason        TEXT,
    currency      TEXT    NOT NULL,
    amount_minor  BIGINT NOT NULL,
    milestone     INTEGER,
    -- The provider's own name for it and its page, once it was told.
    provider_ref  TEXT,
    provider_page TEXT,
    attempts      INTEGER NOT NULL DEFAULT 0,
    -- When the provider is to be told (again); nothing once it knows or there is none.
    tell_at       TIMESTAMPTZ,
    last_error    TEXT,
    created_at    TIMESTAMPTZ NOT NULL,
    settled_at    TIMESTAMPTZ,
    CONSTRAINT payments_kind CHECK (kind IN ('escrow-deposit', 'escrow-payout', 'escrow-refund')),
    CONSTRAINT payments_state CHECK (state IN ('pending', 'successful', 'failed')),
    CONSTRAINT payments_amount CHECK (amount_minor > 0),
    CONSTRAINT payments_settled CHECK ((state = 'pending') = (settled_at IS NULL)),
    CONSTRAINT payments_failed_with_a_reason CHECK (state <> 'failed' OR reason IS NOT NULL)
);
CREATE INDEX payments_by_escrow ON payments (escrow_id, id);
CREATE INDEX payments_to_tell ON payments (tell_at) WHERE tell_at IS NOT NULL;

-- What a page's form said when it was first taken, so that sending it again changes nothing.
CREATE TABLE idempotency (
    user_id    UUID    NOT NULL,
    key        TEXT    NOT NULL,
    input      BYTEA    NOT NULL,
    outcome    TEXT    NOT NULL,
    at         TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, key),
    CONSTRAINT idempotency_input_is_a_hash CHECK (octet_length(input) = 32)
);
CREATE INDEX idempotency_by_age ON idempotency (at);

-- Who typed which name under which document, from where: erasable, the event holds a salted digest.
CREATE TABLE signatures (
    escrow_id        UUID    NOT NULL REFERENCES escrows (id),
    user_id          UUID    NOT NULL REFERENCES users (id),
    version          INTEGER NOT NULL,
    document_sha256  TEXT    NOT NULL,
    typed_name       TEXT    NOT NULL,
    ip               TEXT    NOT NULL,
    user_agent       TEXT    NOT NULL,
    salt             BYTEA    NOT NULL,
    at               TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (escrow_id, user_id, version)
);

-- Terms in the making: what was typed, right or wrong.
CREATE TABLE drafts (
    id          UUID    NOT NULL PRIMARY KEY,
    user_id     UUID    NOT NULL REFERENCES users (id),
    title       TEXT    NOT NULL,
    fields      TEXT    NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL
);
CREATE INDEX drafts_by_user ON drafts (user_id, updated_at);

CREATE TABLE notifications (
    id          UUID    NOT NULL PRIMARY KEY,
    user_id     UUID    NOT NULL REFERENCES users (id),
    escrow_id   UUID    NOT NULL REFERENCES escrows (id),
    reference   TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    notice      TEXT    NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    read_at     TIMESTAMPTZ
);
CREATE INDEX notifications_by_user ON notifications (user_id, id);
CREATE INDEX notifications_unread ON notifications (user_id) WHERE read_at IS NULL;

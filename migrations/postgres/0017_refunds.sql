-- Money goes back by the way on which it came.

-- Where refunds of this person's payments go: to the card or account they came from, or to the wallet.
ALTER TABLE users ADD COLUMN refunds_to_wallet BOOLEAN NOT NULL DEFAULT FALSE;

-- Whether the provider that was told of this payment can take its money back.
ALTER TABLE payments ADD COLUMN takes_back BOOLEAN NOT NULL DEFAULT FALSE;
-- Of a refund by a provider: its number in the escrow, and which attempt this is.
ALTER TABLE payments ADD COLUMN refund INTEGER;
ALTER TABLE payments ADD COLUMN attempt INTEGER;
-- When the provider said that it had paid a refund which had gone another way before.
ALTER TABLE payments ADD COLUMN sent_twice_at TIMESTAMPTZ;
CREATE UNIQUE INDEX payments_one_an_attempt ON payments (escrow_id, refund, attempt) WHERE refund IS NOT NULL;
CREATE INDEX payments_sent_twice ON payments (id) WHERE sent_twice_at IS NOT NULL;

-- The sandbox provider's own book of refunds.
CREATE TABLE sandbox_refunds (
    reference    TEXT    NOT NULL PRIMARY KEY,
    charge       TEXT    NOT NULL REFERENCES sandbox_charges (reference),
    -- What the merchant calls it. Asked for twice, it is one refund.
    merchant_ref TEXT    NOT NULL CONSTRAINT sandbox_refunds_once UNIQUE,
    amount_minor BIGINT  NOT NULL,
    state        TEXT    NOT NULL DEFAULT 'processing',
    -- What the bank says or will say: 'paid', or the code of a failure.
    answer       TEXT,
    -- When the answer comes; nothing once it came, or if none is on its way.
    settles_at   TIMESTAMPTZ,
    created_at   TIMESTAMPTZ NOT NULL,
    settled_at   TIMESTAMPTZ,
    CONSTRAINT sandbox_refunds_state CHECK (state IN ('processing', 'paid', 'failed')),
    CONSTRAINT sandbox_refunds_amount CHECK (amount_minor > 0),
    CONSTRAINT sandbox_refunds_answer CHECK (settles_at IS NULL OR answer IS NOT NULL),
    CONSTRAINT sandbox_refunds_settled CHECK ((state = 'processing') = (settled_at IS NULL))
);
CREATE INDEX sandbox_refunds_due ON sandbox_refunds (settles_at) WHERE settles_at IS NOT NULL;
CREATE INDEX sandbox_refunds_by_charge ON sandbox_refunds (charge);

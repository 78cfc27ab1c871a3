-- People, how they sign in, and what they were sent to prove who they are.

CREATE TABLE users (
    id                        BLOB    NOT NULL PRIMARY KEY,
    -- Trimmed and lower-cased by the program; NULL once the person was erased.
    email                     TEXT    CONSTRAINT users_email_unique UNIQUE,
    name                      TEXT    NOT NULL,
    -- The name in lower case, to be found by: databases disagree on what that is beyond ASCII.
    name_lower                TEXT    NOT NULL,
    -- NULL while nobody has claimed the account: the address was only named by someone else.
    password_hash             TEXT,
    email_confirmed_at        INTEGER,
    time_zone                 TEXT    NOT NULL DEFAULT 'Etc/UTC',
    country                   TEXT,
    operator                  INTEGER NOT NULL DEFAULT FALSE,
    -- Money released to this person goes to the wallet at once.
    to_wallet_at_once         INTEGER NOT NULL DEFAULT TRUE,
    terms_of_service_version  INTEGER,
    terms_of_service_at       INTEGER,
    -- Salts the hashes that events hold of this person's name and address, so that erasing the row
    -- makes them meaningless.
    identity_salt             BLOB    NOT NULL,
    created_at                INTEGER NOT NULL,
    claimed_at                INTEGER,
    CONSTRAINT users_operator_bool CHECK (operator IN (FALSE, TRUE)),
    CONSTRAINT users_to_wallet_bool CHECK (to_wallet_at_once IN (FALSE, TRUE)),
    CONSTRAINT users_claimed_has_password CHECK ((password_hash IS NULL) = (claimed_at IS NULL)),
    CONSTRAINT users_terms_together CHECK ((terms_of_service_version IS NULL) = (terms_of_service_at IS NULL)),
    CONSTRAINT users_country_code CHECK (country IS NULL OR length(country) = 2),
    CONSTRAINT users_name_length CHECK (length(name) <= 200),
    CONSTRAINT users_email_length CHECK (email IS NULL OR length(email) BETWEEN 3 AND 254)
) STRICT;

-- Signed-in devices. The id is a hash: whoever reads this table can sign in as nobody.
CREATE TABLE sessions (
    id_hash     BLOB    NOT NULL PRIMARY KEY,
    -- What people name a session by on the settings page.
    public_id   BLOB    NOT NULL CONSTRAINT sessions_public_id_unique UNIQUE,
    user_id     BLOB    NOT NULL REFERENCES users (id),
    data        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    -- Signed out or revoked. The row stays a while, so that its device is known again.
    ended_at    INTEGER,
    -- A hash of the cookie that tells this browser from others, for "new sign-in" mails.
    device_hash BLOB    NOT NULL,
    ip          TEXT    NOT NULL,
    user_agent  TEXT    NOT NULL,
    CONSTRAINT sessions_id_is_a_hash CHECK (length(id_hash) = 32),
    CONSTRAINT sessions_device_is_a_hash CHECK (length(device_hash) = 32),
    CONSTRAINT sessions_agent_length CHECK (length(user_agent) <= 400)
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id, seen_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Single-use secrets sent by mail or printed at the start, as hashes.
CREATE TABLE tokens (
    hash         BLOB    NOT NULL PRIMARY KEY,
    purpose      TEXT    NOT NULL,
    -- NULL for the first operator's setup link, which nobody owns yet.
    user_id      BLOB    REFERENCES users (id),
    -- The address that the secret was sent to; it proves this one and no other.
    email        TEXT,
    escrow_id    BLOB,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    used_at      INTEGER,
    replaced_at  INTEGER,
    CONSTRAINT tokens_hash_is_a_hash CHECK (length(hash) = 32),
    CONSTRAINT tokens_purpose CHECK (purpose <> ''),
    CONSTRAINT tokens_setup_or_user CHECK (purpose = 'setup' OR (user_id IS NOT NULL AND email IS NOT NULL)),
    CONSTRAINT tokens_used_or_replaced CHECK (used_at IS NULL OR replaced_at IS NULL)
) STRICT;
CREATE INDEX tokens_by_user ON tokens (user_id, purpose);
CREATE INDEX tokens_by_expiry ON tokens (expires_at);

-- How often something was tried in a window of time, by a hash of who tried what.
CREATE TABLE throttle (
    key_hash    BLOB    NOT NULL PRIMARY KEY,
    started_at  INTEGER NOT NULL,
    ends_at     INTEGER NOT NULL,
    count       INTEGER NOT NULL,
    CONSTRAINT throttle_key_is_a_hash CHECK (length(key_hash) = 32),
    CONSTRAINT throttle_count CHECK (count >= 0)
) STRICT;
CREATE INDEX throttle_by_end ON throttle (ends_at);

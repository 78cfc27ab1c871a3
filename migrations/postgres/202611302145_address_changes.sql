-- Changes of address that wait until both mailboxes have confirmed them.
CREATE TABLE address_changes (
    user_id           UUID        NOT NULL PRIMARY KEY REFERENCES users (id),
    -- The address to come, in its one form.
    email             TEXT        NOT NULL,
    asked_at          TIMESTAMPTZ NOT NULL,
    old_confirmed_at  TIMESTAMPTZ,
    new_confirmed_at  TIMESTAMPTZ
);

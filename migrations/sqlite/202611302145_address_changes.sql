-- Changes of address that wait until both mailboxes have confirmed them.
CREATE TABLE address_changes (
    user_id           BLOB    NOT NULL PRIMARY KEY REFERENCES users (id),
    -- The address to come, in its one form.
    email             TEXT    NOT NULL,
    asked_at          INTEGER NOT NULL,
    old_confirmed_at  INTEGER,
    new_confirmed_at  INTEGER
) STRICT;

-- Addresses with letters beyond ASCII, which an earlier version stored as they were typed: the program brings them
-- into their one form when it starts, and finds those that it could not by this index.
CREATE INDEX users_beyond_ascii ON users (id)
    WHERE octet_length(email) <> length(email) OR octet_length(guest_email) <> length(guest_email);

-- What people want to be told of, and how. Without a row they are told in both ways.
CREATE TABLE notice_preferences (
    user_id   BLOB    NOT NULL REFERENCES users (id),
    topic     TEXT    NOT NULL,
    by_mail   INTEGER NOT NULL,
    in_portal INTEGER NOT NULL,
    PRIMARY KEY (user_id, topic),
    CONSTRAINT notice_preferences_bools CHECK (by_mail IN (FALSE, TRUE) AND in_portal IN (FALSE, TRUE)),
    CONSTRAINT notice_preferences_topic CHECK (topic <> '')
) STRICT;

-- What people want to be told of, and how. Without a row they are told in both ways.
CREATE TABLE notice_preferences (
    user_id   UUID    NOT NULL REFERENCES users (id),
    topic     TEXT    NOT NULL,
    by_mail   BOOLEAN NOT NULL,
    in_portal BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, topic),
    CONSTRAINT notice_preferences_topic CHECK (topic <> '')
);

-- What operators decide: who may act, what a deal costs, on which terms; and what they did and looked at.

-- A frozen person can sign in and read, and do nothing else.
ALTER TABLE users ADD COLUMN frozen_at INTEGER;
ALTER TABLE users ADD COLUMN frozen_because TEXT
    CONSTRAINT users_frozen_together CHECK ((frozen_because IS NULL) = (frozen_at IS NULL));
CREATE INDEX users_frozen ON users (frozen_at) WHERE frozen_at IS NOT NULL;

-- The platform's fee, a version a row: the newest that has begun applies to what is proposed.
CREATE TABLE fee_schedules (
    id          BLOB    NOT NULL PRIMARY KEY,
    currency    TEXT    NOT NULL,
    starts_at   INTEGER NOT NULL,
    -- A decimal, exactly as it was typed.
    percent     TEXT    NOT NULL,
    fixed_minor INTEGER NOT NULL,
    min_minor   INTEGER NOT NULL,
    max_minor   INTEGER,
    created_by  BLOB    NOT NULL REFERENCES users (id),
    created_at  INTEGER NOT NULL,
    CONSTRAINT fee_schedules_currency_code CHECK (length(currency) = 3),
    CONSTRAINT fee_schedules_not_negative CHECK (fixed_minor >= 0 AND min_minor >= 0),
    CONSTRAINT fee_schedules_max CHECK (max_minor IS NULL OR max_minor >= min_minor),
    CONSTRAINT fee_schedules_not_past CHECK (starts_at >= created_at)
) STRICT;
CREATE INDEX fee_schedules_by_start ON fee_schedules (currency, starts_at, id);
CREATE TRIGGER fee_schedules_are_never_changed BEFORE UPDATE ON fee_schedules
BEGIN SELECT RAISE(ABORT, 'fee schedules are never changed'); END;
CREATE TRIGGER fee_schedules_are_never_deleted BEFORE DELETE ON fee_schedules
BEGIN SELECT RAISE(ABORT, 'fee schedules are never deleted'); END;

-- The terms of service that operators published. The first version stands in the program.
CREATE TABLE terms_of_service (
    version     INTEGER NOT NULL PRIMARY KEY,
    starts_at   INTEGER NOT NULL,
    text        TEXT    NOT NULL,
    created_by  BLOB    NOT NULL REFERENCES users (id),
    created_at  INTEGER NOT NULL,
    CONSTRAINT terms_of_service_version CHECK (version > 1),
    CONSTRAINT terms_of_service_not_past CHECK (starts_at >= created_at)
) STRICT;
CREATE TRIGGER terms_of_service_are_never_changed BEFORE UPDATE ON terms_of_service
BEGIN SELECT RAISE(ABORT, 'terms of service are never changed'); END;
CREATE TRIGGER terms_of_service_are_never_deleted BEFORE DELETE ON terms_of_service
BEGIN SELECT RAISE(ABORT, 'terms of service are never deleted'); END;

-- What operators did, and what of other people's they looked at.
CREATE TABLE audit (
    id        BLOB    NOT NULL PRIMARY KEY,
    at        INTEGER NOT NULL,
    operator  BLOB    NOT NULL REFERENCES users (id),
    act       TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    -- What names it: a reference, an id, a currency, a number.
    subject   TEXT    NOT NULL,
    -- The person whom it is about.
    user_id   BLOB REFERENCES users (id),
    note      TEXT    NOT NULL
) STRICT;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never deleted'); END;

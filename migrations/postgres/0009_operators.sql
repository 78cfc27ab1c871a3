-- What operators decide: who may act, what a deal costs, on which terms; and what they did and looked at.

-- A frozen person can sign in and read, and do nothing else.
ALTER TABLE users ADD COLUMN frozen_at TIMESTAMPTZ;
ALTER TABLE users ADD COLUMN frozen_because TEXT
    CONSTRAINT users_frozen_together CHECK ((frozen_because IS NULL) = (frozen_at IS NULL));
CREATE INDEX users_frozen ON users (frozen_at) WHERE frozen_at IS NOT NULL;

-- The platform's fee, a version a row: the newest that has begun applies to what is proposed.
CREATE TABLE fee_schedules (
    id          UUID    NOT NULL PRIMARY KEY,
    currency    TEXT    NOT NULL,
    starts_at   TIMESTAMPTZ NOT NULL,
    -- A decimal, exactly as it was typed.
    percent     TEXT    NOT NULL,
    fixed_minor BIGINT NOT NULL,
    min_minor   BIGINT NOT NULL,
    max_minor   BIGINT,
    created_by  UUID    NOT NULL REFERENCES users (id),
    created_at  TIMESTAMPTZ NOT NULL,
    CONSTRAINT fee_schedules_currency_code CHECK (length(currency) = 3),
    CONSTRAINT fee_schedules_not_negative CHECK (fixed_minor >= 0 AND min_minor >= 0),
    CONSTRAINT fee_schedules_max CHECK (max_minor IS NULL OR max_minor >= min_minor),
    CONSTRAINT fee_schedules_not_past CHECK (starts_at >= created_at)
);
CREATE INDEX fee_schedules_by_start ON fee_schedules (currency, starts_at, id);
CREATE TRIGGER fee_schedules_are_never_changed BEFORE UPDATE OR DELETE ON fee_schedules
FOR EACH ROW EXECUTE FUNCTION never_changed();
CREATE TRIGGER fee_schedules_are_never_truncated BEFORE TRUNCATE ON fee_schedules
FOR EACH STATEMENT EXECUTE FUNCTION never_changed();

-- The terms of service that operators published. The first version stands in the program.
CREATE TABLE terms_of_service (
    version     BIGINT NOT NULL PRIMARY KEY,
    starts_at   TIMESTAMPTZ NOT NULL,
    text        TEXT    NOT NULL,
    created_by  UUID    NOT NULL REFERENCES users (id),
    created_at  TIMESTAMPTZ NOT NULL,
    CONSTRAINT terms_of_service_version CHECK (version > 1),
    CONSTRAINT terms_of_service_not_past CHECK (starts_at >= created_at)
);
CREATE TRIGGER terms_of_service_are_never_changed BEFORE UPDATE OR DELETE ON terms_of_service
FOR EACH ROW EXECUTE FUNCTION never_changed();
CREATE TRIGGER terms_of_service_are_never_truncated BEFORE TRUNCATE ON terms_of_service
FOR EACH STATEMENT EXECUTE FUNCTION never_changed();

-- What operators did, and what of other people's they looked at.
CREATE TABLE audit (
    id        UUID    NOT NULL PRIMARY KEY,
    at        TIMESTAMPTZ NOT NULL,
    operator  UUID    NOT NULL REFERENCES users (id),
    act       TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    -- What names it: a reference, an id, a currency, a number.
    subject   TEXT    NOT NULL,
    -- The person whom it is about.
    user_id   UUID REFERENCES users (id),
    note      TEXT    NOT NULL
);
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE OR DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION never_changed();
CREATE TRIGGER audit_is_never_truncated BEFORE TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION never_changed();

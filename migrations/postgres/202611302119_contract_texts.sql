-- What was agreed to, word by word: written with each version of the terms, and only read afterwards. A text can be
-- taken out whole once its retention is over; nothing else of a row ever changes, and the event keeps its hash.
CREATE TABLE contract_texts (
    escrow_id  UUID    NOT NULL REFERENCES escrows (id),
    version    INTEGER NOT NULL,
    -- The contract that all see, or the side agreement of those who pay and receive a hidden commission.
    kind       TEXT    NOT NULL,
    -- The event that made the version.
    seq        BIGINT  NOT NULL,
    -- Which generation of our wording wrote it, and in which language.
    format     INTEGER NOT NULL,
    language   TEXT    NOT NULL,
    sha256     TEXT    NOT NULL,
    text       TEXT,
    erased_at  TIMESTAMPTZ,
    PRIMARY KEY (escrow_id, version, kind),
    CONSTRAINT contract_texts_kind CHECK (kind IN ('contract', 'side')),
    CONSTRAINT contract_texts_version CHECK (version > 0),
    CONSTRAINT contract_texts_format CHECK (format > 0),
    CONSTRAINT contract_texts_sha256_is_hex CHECK (length(sha256) = 64),
    CONSTRAINT contract_texts_erased_whole CHECK ((text IS NULL) = (erased_at IS NOT NULL)),
    CONSTRAINT contract_texts_of_an_event FOREIGN KEY (escrow_id, seq) REFERENCES events (escrow_id, seq)
);
CREATE INDEX contract_texts_by_sha256 ON contract_texts (sha256);
CREATE FUNCTION contract_texts_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.text IS NOT NULL AND NEW.text IS NULL AND NEW.escrow_id = OLD.escrow_id AND NEW.version = OLD.version
        AND NEW.kind = OLD.kind AND NEW.seq = OLD.seq AND NEW.format = OLD.format AND NEW.language = OLD.language
        AND NEW.sha256 = OLD.sha256 THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'contract texts are never changed' USING ERRCODE = '23514';
END $$;
CREATE TRIGGER contract_texts_are_never_changed BEFORE UPDATE ON contract_texts
FOR EACH ROW EXECUTE FUNCTION contract_texts_change();
CREATE TRIGGER contract_texts_are_never_deleted BEFORE DELETE ON contract_texts
FOR EACH ROW EXECUTE FUNCTION never_changed();
CREATE TRIGGER contract_texts_are_never_truncated BEFORE TRUNCATE ON contract_texts
FOR EACH STATEMENT EXECUTE FUNCTION never_changed();

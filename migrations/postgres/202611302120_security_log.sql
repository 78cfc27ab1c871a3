-- What concerns the safety of accounts: sign-ins and tries that failed, changes of rights and addresses, requests that
-- were refused. Its owner and operators read it; rows go after 180 days.
CREATE TABLE security_log (
    id          UUID    NOT NULL PRIMARY KEY,
    at          TIMESTAMPTZ NOT NULL,
    kind        TEXT    NOT NULL,
    -- The account that it is about; NULL where nobody is known.
    user_id     UUID    REFERENCES users (id),
    -- Where the request came from, and the id under which the program's log has it. Empty for what an operator or the
    -- command line did to somebody's account: where those sit is nobody else's business.
    ip          TEXT    NOT NULL,
    -- Who counts as one when refusals are counted: an address, or a customer's whole IPv6 network.
    network     TEXT    NOT NULL,
    device      TEXT    NOT NULL,
    request_id  TEXT    NOT NULL,
    note        TEXT    NOT NULL,
    CONSTRAINT security_log_kind CHECK (kind <> ''),
    CONSTRAINT security_log_lengths CHECK (length(device) <= 100 AND length(note) <= 400)
);
CREATE INDEX security_log_by_user ON security_log (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX security_log_by_time ON security_log (at);
CREATE INDEX security_log_by_kind ON security_log (kind, at);

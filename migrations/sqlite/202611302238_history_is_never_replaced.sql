-- REPLACE deletes the row that stands in its way, and asks the triggers against deletion only on connections that
-- want it so. Whatever connection it comes from: nothing is put where a row of the history stands.
CREATE TRIGGER events_are_never_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE rowid = NEW.rowid)
    OR EXISTS (SELECT 1 FROM events WHERE escrow_id = NEW.escrow_id AND seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER entries_are_never_replaced BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entries WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM entries WHERE escrow_id = NEW.escrow_id AND seq = NEW.seq AND line = NEW.line)
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TRIGGER fee_schedules_are_never_replaced BEFORE INSERT ON fee_schedules
WHEN EXISTS (SELECT 1 FROM fee_schedules WHERE rowid = NEW.rowid OR id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'fee schedules are never changed'); END;
CREATE TRIGGER terms_of_service_are_never_replaced BEFORE INSERT ON terms_of_service
WHEN EXISTS (SELECT 1 FROM terms_of_service WHERE version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'terms of service are never changed'); END;
CREATE TRIGGER audit_is_never_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE rowid = NEW.rowid OR id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;
CREATE TRIGGER contract_texts_are_never_replaced BEFORE INSERT ON contract_texts
WHEN EXISTS (SELECT 1 FROM contract_texts WHERE rowid = NEW.rowid)
    OR EXISTS (SELECT 1 FROM contract_texts WHERE escrow_id = NEW.escrow_id AND version = NEW.version AND kind = NEW.kind)
BEGIN SELECT RAISE(ABORT, 'contract texts are never changed'); END;

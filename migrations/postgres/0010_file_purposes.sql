-- A file can belong to more than terms and deliveries. The program knows what there is, so that a new
-- purpose needs no new table.

ALTER TABLE files DROP CONSTRAINT files_purpose;
ALTER TABLE files ADD CONSTRAINT files_purpose CHECK (purpose <> '');

-- A draft of other terms for an escrow that stands: which one, and the version it was begun from.
ALTER TABLE drafts ADD COLUMN counters UUID REFERENCES escrows (id);
ALTER TABLE drafts ADD COLUMN counters_version BIGINT;

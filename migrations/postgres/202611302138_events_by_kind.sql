-- Pages read the newest events of a few kinds, however long the history is.
CREATE INDEX events_by_kind ON events (escrow_id, kind, seq);

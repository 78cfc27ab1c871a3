-- A draft that was sent stays as a row that leads to its escrow, so that sending it again leads there too.
ALTER TABLE drafts ADD COLUMN escrow_id UUID REFERENCES escrows (id);

-- The draft that a file was attached to. Once it is sent, `escrow_id` says where the file belongs.
ALTER TABLE files ADD COLUMN draft_id UUID REFERENCES drafts (id);
CREATE INDEX files_by_draft ON files (draft_id, id) WHERE draft_id IS NOT NULL;

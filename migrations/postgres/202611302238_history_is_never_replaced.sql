-- PostgreSQL has no REPLACE. INSERT with ON CONFLICT DO UPDATE is an update, and the triggers refuse it already.
SELECT 1;

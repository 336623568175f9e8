-- The explain window of a key. The same meaning as migrations/sqlite.

-- Until when senders hear by which mistake their signature was made; NULL if they do not.
ALTER TABLE client ADD COLUMN explain_until BIGINT;
CREATE TRIGGER client_explained AFTER UPDATE OF explain_until
ON client FOR EACH ROW EXECUTE FUNCTION oauth1_client_changed();

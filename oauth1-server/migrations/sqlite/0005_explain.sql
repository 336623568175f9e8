-- The explain window of a key. The same meaning as migrations/postgres.

-- Until when senders hear by which mistake their signature was made; NULL if they do not.
ALTER TABLE client ADD COLUMN explain_until INTEGER;
CREATE TRIGGER client_explained AFTER UPDATE OF explain_until ON client BEGIN
    INSERT INTO change (kind, identifier, at) VALUES ('client', NEW.identifier, NEW.changed_at);
END;

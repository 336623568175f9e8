-- Credentials of RFC 5849 and what people say about them. The same meaning as
-- migrations/postgres; times are milliseconds since 1970, ids are UUIDs of version 7.

-- One row. key_check is a known text sealed with the active master key.
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    identity TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    key_check BLOB NOT NULL,
    -- When a server used the credentials for the first time.
    served_at INTEGER
) STRICT;

-- Who owns applications.
CREATE TABLE account (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    -- How many keys it may have, 0 for any number. Deleted keys do not count.
    max_keys INTEGER NOT NULL DEFAULT 100 CHECK (max_keys >= 0),
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;

-- An application: client credentials (section 1.1). A deleted row stays, so that its identifier is
-- never given to another.
CREATE TABLE client (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    identifier TEXT NOT NULL UNIQUE CHECK (length(identifier) BETWEEN 1 AND 255),
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    developer_name TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    environment TEXT NOT NULL DEFAULT '',
    enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    expires_at INTEGER,
    -- Names of section 3.4 between spaces; NULL for whatever the server accepts.
    signature_methods TEXT,
    body_hash_required INTEGER NOT NULL DEFAULT 0 CHECK (body_hash_required IN (0, 1)),
    -- PEM, instead of a secret (section 3.4.3).
    rsa_public_key TEXT,
    -- Between spaces: category:privilege.
    scopes TEXT NOT NULL DEFAULT '',
    -- A JSON object of texts.
    attributes TEXT NOT NULL DEFAULT '{}',
    -- Seconds that a new token of this client is good for.
    token_lifetime INTEGER NOT NULL DEFAULT 3600 CHECK (token_lifetime > 0),
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    deleted_at INTEGER,
    last_used_at INTEGER,
    last_used_address TEXT
) STRICT;
-- Names are unique among what is not deleted; lists are read page by page, newest first.
CREATE UNIQUE INDEX client_name ON client (account_id, name) WHERE deleted_at IS NULL;
CREATE INDEX client_list ON client (account_id, id) WHERE deleted_at IS NULL;
CREATE INDEX client_expiry ON client (expires_at) WHERE deleted_at IS NULL AND expires_at IS NOT NULL;

-- Token credentials (section 2.3), bound to one client.
CREATE TABLE token (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id),
    identifier TEXT NOT NULL UNIQUE CHECK (length(identifier) BETWEEN 1 AND 255),
    -- Made together with the client, and rotated with it.
    own INTEGER NOT NULL DEFAULT 0 CHECK (own IN (0, 1)),
    -- Who the client acts for; NULL for its account.
    resource_owner TEXT,
    scopes TEXT NOT NULL DEFAULT '',
    attributes TEXT NOT NULL DEFAULT '{}',
    expires_at INTEGER,
    revoked_at INTEGER,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    deleted_at INTEGER,
    last_used_at INTEGER,
    last_used_address TEXT
) STRICT;
CREATE INDEX token_list ON token (client_id, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX token_own ON token (client_id) WHERE own = 1 AND deleted_at IS NULL;
CREATE INDEX token_expiry ON token (expires_at) WHERE deleted_at IS NULL AND expires_at IS NOT NULL;

-- A secret of a client or of a token, sealed. While it is replaced there are two, and the old one
-- has an end. Rows are removed, not marked: what is gone cannot be unsealed.
CREATE TABLE secret (
    id TEXT PRIMARY KEY,
    client_id TEXT REFERENCES client (id),
    token_id TEXT REFERENCES token (id),
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    CHECK ((client_id IS NULL) <> (token_id IS NULL))
) STRICT;
CREATE INDEX secret_client ON secret (client_id) WHERE client_id IS NOT NULL;
CREATE INDEX secret_token ON secret (token_id) WHERE token_id IS NOT NULL;
CREATE INDEX secret_key ON secret (key_id, id);
CREATE INDEX secret_expiry ON secret (expires_at) WHERE expires_at IS NOT NULL;
-- One of them is current.
CREATE UNIQUE INDEX secret_client_current ON secret (client_id)
    WHERE client_id IS NOT NULL AND expires_at IS NULL;
CREATE UNIQUE INDEX secret_token_current ON secret (token_id)
    WHERE token_id IS NOT NULL AND expires_at IS NULL;

-- Who did what. Never holds a secret; outlives what it is about.
CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    address TEXT,
    action TEXT NOT NULL,
    account_id TEXT,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- JSON: {"before": …, "after": …}
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_subject ON audit (subject_id, id);
CREATE INDEX audit_account ON audit (account_id, id);

-- What caches have to forget. Written by triggers, so that no writer can leave it out, and read by
-- servers whenever another connection has committed.
CREATE TABLE change (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    identifier TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER change_limit AFTER INSERT ON change WHEN NEW.sequence % 1000 = 0 BEGIN
    DELETE FROM change WHERE sequence <= NEW.sequence - 10000;
END;

CREATE TRIGGER client_created AFTER INSERT ON client BEGIN
    INSERT INTO change (kind, identifier, at) VALUES ('client', NEW.identifier, NEW.created_at);
END;
-- Not for the columns of the last use, which say nothing about what the client may do.
CREATE TRIGGER client_changed AFTER UPDATE OF
    account_id, identifier, name, display_name, environment, enabled, expires_at,
    signature_methods, body_hash_required, rsa_public_key, scopes, attributes, deleted_at
ON client BEGIN
    INSERT INTO change (kind, identifier, at) VALUES ('client', NEW.identifier, NEW.changed_at);
END;
CREATE TRIGGER client_removed AFTER DELETE ON client BEGIN
    INSERT INTO change (kind, identifier, at) VALUES ('client', OLD.identifier, OLD.changed_at);
END;
CREATE TRIGGER token_created AFTER INSERT ON token BEGIN
    INSERT INTO change (kind, identifier, at) VALUES ('token', NEW.identifier, NEW.created_at);
END;
CREATE TRIGGER token_changed AFTER UPDATE OF
    client_id, identifier, resource_owner, scopes, attributes, expires_at, revoked_at, deleted_at
ON token BEGIN
    INSERT INTO change (kind, identifier, at) VALUES ('token', NEW.identifier, NEW.changed_at);
END;
CREATE TRIGGER token_removed AFTER DELETE ON token BEGIN
    INSERT INTO change (kind, identifier, at) VALUES ('token', OLD.identifier, OLD.changed_at);
END;
CREATE TRIGGER secret_created AFTER INSERT ON secret BEGIN
    INSERT INTO change (kind, identifier, at)
        SELECT 'client', identifier, NEW.created_at FROM client WHERE id = NEW.client_id;
    INSERT INTO change (kind, identifier, at)
        SELECT 'token', identifier, NEW.created_at FROM token WHERE id = NEW.token_id;
END;
-- Not when a secret is sealed anew with another master key.
CREATE TRIGGER secret_changed AFTER UPDATE OF client_id, token_id, expires_at ON secret BEGIN
    INSERT INTO change (kind, identifier, at)
        SELECT 'client', identifier, NEW.created_at FROM client WHERE id = NEW.client_id;
    INSERT INTO change (kind, identifier, at)
        SELECT 'token', identifier, NEW.created_at FROM token WHERE id = NEW.token_id;
END;
CREATE TRIGGER secret_removed AFTER DELETE ON secret BEGIN
    INSERT INTO change (kind, identifier, at)
        SELECT 'client', identifier, OLD.created_at FROM client WHERE id = OLD.client_id;
    INSERT INTO change (kind, identifier, at)
        SELECT 'token', identifier, OLD.created_at FROM token WHERE id = OLD.token_id;
END;

INSERT INTO account (id, name, display_name, max_keys, created_at, changed_at)
    VALUES ('00000000-0000-7000-8000-000000000000', 'default', 'Default', 0, 0, 0);

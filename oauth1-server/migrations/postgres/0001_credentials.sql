-- Credentials of RFC 5849 and what people say about them. The same meaning as
-- migrations/sqlite; times are milliseconds since 1970, ids are UUIDs of version 7.

-- One row. key_check is a known text sealed with the active master key.
CREATE TABLE meta (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    identity TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    key_check BYTEA NOT NULL,
    -- When a server used the credentials for the first time.
    served_at BIGINT
);

-- Who owns applications.
CREATE TABLE account (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    -- How many keys it may have, 0 for any number. Deleted keys do not count.
    max_keys BIGINT NOT NULL DEFAULT 100 CHECK (max_keys >= 0),
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    deleted_at BIGINT
);

-- An application: client credentials (section 1.1). A deleted row stays, so that its identifier is
-- never given to another.
CREATE TABLE client (
    id TEXT COLLATE "C" PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    identifier TEXT COLLATE "C" NOT NULL UNIQUE CHECK (length(identifier) BETWEEN 1 AND 255),
    name TEXT COLLATE "C" NOT NULL,
    display_name TEXT NOT NULL,
    developer_name TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    environment TEXT NOT NULL DEFAULT '',
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    expires_at BIGINT,
    -- Names of section 3.4 between spaces; NULL for whatever the server accepts.
    signature_methods TEXT,
    body_hash_required BOOLEAN NOT NULL DEFAULT FALSE,
    -- PEM, instead of a secret (section 3.4.3).
    rsa_public_key TEXT,
    -- Between spaces: category:privilege.
    scopes TEXT NOT NULL DEFAULT '',
    -- A JSON object of texts.
    attributes TEXT NOT NULL DEFAULT '{}',
    -- Seconds that a new token of this client is good for.
    token_lifetime BIGINT NOT NULL DEFAULT 3600 CHECK (token_lifetime > 0),
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    deleted_at BIGINT,
    last_used_at BIGINT,
    last_used_address TEXT
);
-- Names are unique among what is not deleted; lists are read page by page, newest first.
CREATE UNIQUE INDEX client_name ON client (account_id, name) WHERE deleted_at IS NULL;
CREATE INDEX client_list ON client (account_id, id) WHERE deleted_at IS NULL;
CREATE INDEX client_expiry ON client (expires_at) WHERE deleted_at IS NULL AND expires_at IS NOT NULL;

-- Token credentials (section 2.3), bound to one client.
CREATE TABLE token (
    id TEXT COLLATE "C" PRIMARY KEY,
    client_id TEXT COLLATE "C" NOT NULL REFERENCES client (id),
    identifier TEXT COLLATE "C" NOT NULL UNIQUE CHECK (length(identifier) BETWEEN 1 AND 255),
    -- Made together with the client, and rotated with it.
    own BOOLEAN NOT NULL DEFAULT FALSE,
    -- Who the client acts for; NULL for its account.
    resource_owner TEXT,
    scopes TEXT NOT NULL DEFAULT '',
    attributes TEXT NOT NULL DEFAULT '{}',
    expires_at BIGINT,
    revoked_at BIGINT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    deleted_at BIGINT,
    last_used_at BIGINT,
    last_used_address TEXT
);
CREATE INDEX token_list ON token (client_id, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX token_own ON token (client_id) WHERE own AND deleted_at IS NULL;
CREATE INDEX token_expiry ON token (expires_at) WHERE deleted_at IS NULL AND expires_at IS NOT NULL;

-- A secret of a client or of a token, sealed. While it is replaced there are two, and the old one
-- has an end. Rows are removed, not marked: what is gone cannot be unsealed.
CREATE TABLE secret (
    id TEXT COLLATE "C" PRIMARY KEY,
    client_id TEXT COLLATE "C" REFERENCES client (id),
    token_id TEXT COLLATE "C" REFERENCES token (id),
    key_id TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    CHECK ((client_id IS NULL) <> (token_id IS NULL))
);
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
    id TEXT COLLATE "C" PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    address TEXT,
    action TEXT NOT NULL,
    account_id TEXT COLLATE "C",
    subject_kind TEXT NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    subject TEXT NOT NULL,
    -- JSON: {"before": …, "after": …}
    detail TEXT NOT NULL
);
CREATE INDEX audit_subject ON audit (subject_id, id);
CREATE INDEX audit_account ON audit (account_id, id);

-- What caches have to forget. Written by triggers, so that no writer can leave it out, and sent
-- when the transaction commits.
CREATE FUNCTION oauth1_client_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_notify('oauth1_credentials', 'client ' || OLD.identifier);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM pg_notify('oauth1_credentials', 'client ' || NEW.identifier);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION oauth1_token_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_notify('oauth1_credentials', 'token ' || OLD.identifier);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM pg_notify('oauth1_credentials', 'token ' || NEW.identifier);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION oauth1_secret_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_notify('oauth1_credentials', 'client ' || identifier)
            FROM client WHERE id = OLD.client_id;
        PERFORM pg_notify('oauth1_credentials', 'token ' || identifier)
            FROM token WHERE id = OLD.token_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM pg_notify('oauth1_credentials', 'client ' || identifier)
            FROM client WHERE id = NEW.client_id;
        PERFORM pg_notify('oauth1_credentials', 'token ' || identifier)
            FROM token WHERE id = NEW.token_id;
    END IF;
    RETURN NULL;
END $$;
-- TRUNCATE names no rows: everything is forgotten.
CREATE FUNCTION oauth1_all_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('oauth1_credentials', 'all');
    RETURN NULL;
END $$;

-- Not for the columns of the last use, which say nothing about what the client may do.
CREATE TRIGGER client_changed AFTER INSERT OR DELETE OR UPDATE OF
    account_id, identifier, name, display_name, environment, enabled, expires_at,
    signature_methods, body_hash_required, rsa_public_key, scopes, attributes, deleted_at
ON client FOR EACH ROW EXECUTE FUNCTION oauth1_client_changed();
CREATE TRIGGER token_changed AFTER INSERT OR DELETE OR UPDATE OF
    client_id, identifier, resource_owner, scopes, attributes, expires_at, revoked_at, deleted_at
ON token FOR EACH ROW EXECUTE FUNCTION oauth1_token_changed();
-- Not when a secret is sealed anew with another master key.
CREATE TRIGGER secret_changed AFTER INSERT OR DELETE OR UPDATE OF client_id, token_id, expires_at
ON secret FOR EACH ROW EXECUTE FUNCTION oauth1_secret_changed();
CREATE TRIGGER client_emptied AFTER TRUNCATE ON client EXECUTE FUNCTION oauth1_all_changed();
CREATE TRIGGER token_emptied AFTER TRUNCATE ON token EXECUTE FUNCTION oauth1_all_changed();
CREATE TRIGGER secret_emptied AFTER TRUNCATE ON secret EXECUTE FUNCTION oauth1_all_changed();

INSERT INTO account (id, name, display_name, max_keys, created_at, changed_at)
    VALUES ('00000000-0000-7000-8000-000000000000', 'default', 'Default', 0, 0, 0);

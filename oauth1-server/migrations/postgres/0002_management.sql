-- What consoles manage: people and their roles, limits and switches of accounts, passwords instead of
-- signatures, refused requests. The same meaning as migrations/sqlite.

-- How an account treats its keys.
ALTER TABLE account ADD COLUMN basic_auth BOOLEAN NOT NULL DEFAULT FALSE;
-- Whether a secret can be read again: never, or by who gives the password again.
ALTER TABLE account ADD COLUMN secret_reveal TEXT NOT NULL DEFAULT 'never'
    CHECK (secret_reveal IN ('never', 'step_up'));
ALTER TABLE account ADD COLUMN expiry_required BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE account ADD COLUMN deletion_allowed BOOLEAN NOT NULL DEFAULT TRUE;
-- A name of the IANA database, for dates without a time.
ALTER TABLE account ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
-- Grows with each change, for If-Match.
ALTER TABLE account ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
UPDATE account SET max_keys = 100 WHERE id = '00000000-0000-7000-8000-000000000000' AND max_keys = 0;

-- What people and keys may do to the tables. Built-in roles have no account.
CREATE TABLE role (
    id TEXT COLLATE "C" PRIMARY KEY,
    account_id TEXT COLLATE "C" REFERENCES account (id),
    name TEXT COLLATE "C" NOT NULL,
    display_name TEXT NOT NULL,
    -- Between spaces: keys.read, keys.create, ….
    permissions TEXT NOT NULL,
    built_in BOOLEAN NOT NULL DEFAULT FALSE,
    version BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX role_name ON role (coalesce(account_id, ''), name) WHERE deleted_at IS NULL;

-- Who may sign in.
CREATE TABLE person (
    id TEXT COLLATE "C" PRIMARY KEY,
    -- NULL for all accounts.
    account_id TEXT COLLATE "C" REFERENCES account (id),
    name TEXT COLLATE "C" NOT NULL,
    display_name TEXT NOT NULL,
    -- argon2id, as a PHC string; NULL for who cannot sign in.
    password_hash TEXT,
    role_id TEXT COLLATE "C" NOT NULL REFERENCES role (id),
    -- What keys that act as this person may do at most: scopes between spaces, or *.
    scopes TEXT NOT NULL DEFAULT '*',
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    -- Wrong passwords in a row.
    failures BIGINT NOT NULL DEFAULT 0,
    failed_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    deleted_at BIGINT,
    signed_in_at BIGINT
);
CREATE UNIQUE INDEX person_name ON person (name) WHERE deleted_at IS NULL;

-- Who is signed in.
CREATE TABLE session (
    -- SHA-256 of what the cookie says.
    id TEXT COLLATE "C" PRIMARY KEY,
    person_id TEXT COLLATE "C" NOT NULL REFERENCES person (id),
    address TEXT,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- When the password was given last.
    password_at BIGINT NOT NULL
);
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_expiry ON session (expires_at);

-- SHA-256 of the code that makes the first person; NULL when it was used.
ALTER TABLE meta ADD COLUMN setup_code TEXT;
-- When the first person was made.
ALTER TABLE meta ADD COLUMN setup_at BIGINT;

-- Privileges of the catalogue that only a super administrator gives to an account.
CREATE TABLE assignment (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    scope TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (account_id, scope)
);

ALTER TABLE client ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
-- Requests without a token.
ALTER TABLE client ADD COLUMN two_legged BOOLEAN NOT NULL DEFAULT FALSE;
-- Addresses and networks (CIDR) between spaces; empty for any.
ALTER TABLE client ADD COLUMN ip_allow TEXT NOT NULL DEFAULT '';
-- Methods whose requests get the attributes, between spaces.
ALTER TABLE client ADD COLUMN attribute_methods TEXT NOT NULL DEFAULT 'POST';
-- Whose rights limit it; it is refused when this person is.
ALTER TABLE client ADD COLUMN acts_as TEXT COLLATE "C" REFERENCES person (id);
-- For a key that manages keys.
ALTER TABLE client ADD COLUMN role_id TEXT COLLATE "C" REFERENCES role (id);
-- Until when a secret that is being replaced is good, of the client or of its own token.
ALTER TABLE client ADD COLUMN old_secret_expires_at BIGINT;
UPDATE client SET old_secret_expires_at =
    (SELECT max(s.expires_at) FROM secret s WHERE s.client_id = client.id OR s.token_id =
        (SELECT t.id FROM token t WHERE t.client_id = client.id AND t.own AND t.deleted_at IS NULL))
    WHERE EXISTS (SELECT 1 FROM secret s WHERE s.expires_at IS NOT NULL);
-- When a secret that is being replaced was used last.
ALTER TABLE client ADD COLUMN old_secret_used_at BIGINT;
CREATE INDEX client_used ON client (account_id, coalesce(last_used_at, 0), id)
    WHERE deleted_at IS NULL;
CREATE INDEX client_expires ON client (account_id, coalesce(expires_at, 9223372036854775807), id)
    WHERE deleted_at IS NULL;
CREATE INDEX client_disabled ON client (account_id, id) WHERE deleted_at IS NULL AND NOT enabled;
CREATE INDEX client_by_name ON client (name, id) WHERE deleted_at IS NULL;
CREATE INDEX client_owner ON client (account_id, created_by, id) WHERE deleted_at IS NULL;
CREATE INDEX client_environment ON client (account_id, environment, id) WHERE deleted_at IS NULL;
CREATE INDEX client_person ON client (acts_as) WHERE acts_as IS NOT NULL;

-- The words by which keys are found: each begins with what was typed.
CREATE TABLE client_word (
    account_id TEXT COLLATE "C" NOT NULL,
    word TEXT COLLATE "C" NOT NULL,
    client_id TEXT COLLATE "C" NOT NULL REFERENCES client (id),
    PRIMARY KEY (account_id, word, client_id)
);
CREATE INDEX client_word_client ON client_word (client_id, word);
-- When the words of the keys that were there before were kept.
ALTER TABLE meta ADD COLUMN words_at BIGINT;

-- Where requests of a key came from, the latest few.
CREATE TABLE client_address (
    client_id TEXT COLLATE "C" NOT NULL REFERENCES client (id),
    address TEXT COLLATE "C" NOT NULL,
    first_used_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, address)
);

-- The latest refused requests of each key, and of senders without one.
CREATE TABLE refusal (
    id TEXT COLLATE "C" PRIMARY KEY,
    client_id TEXT COLLATE "C" REFERENCES client (id),
    at BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    address TEXT,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    -- JSON: what was signed, without secrets.
    detail TEXT NOT NULL
);
CREATE INDEX refusal_list ON refusal (client_id, id);

-- A name and a password instead of a signature, where the account permits it.
CREATE TABLE basic_credential (
    id TEXT COLLATE "C" PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    name TEXT COLLATE "C" NOT NULL,
    -- argon2id, as a PHC string.
    password_hash TEXT NOT NULL,
    -- Between spaces; * for all that needs no assignment.
    scopes TEXT NOT NULL DEFAULT '*',
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    version BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    deleted_at BIGINT,
    last_used_at BIGINT,
    last_used_address TEXT
);
CREATE UNIQUE INDEX basic_credential_name ON basic_credential (name) WHERE deleted_at IS NULL;
CREATE INDEX basic_credential_list ON basic_credential (account_id, id) WHERE deleted_at IS NULL;

-- Answers that are given again to the same Idempotency-Key.
CREATE TABLE idempotency (
    -- SHA-256 of the caller and the key.
    id TEXT COLLATE "C" PRIMARY KEY,
    -- SHA-256 of the request.
    request TEXT NOT NULL,
    -- NULL while it is at work.
    status BIGINT,
    -- The answer, sealed: it may hold secrets.
    key_id TEXT,
    sealed BYTEA,
    created_at BIGINT NOT NULL
);
CREATE INDEX idempotency_age ON idempotency (created_at);

INSERT INTO role (id, name, display_name, permissions, built_in, created_at, changed_at) VALUES
    ('00000000-0000-7000-8000-000000000001', 'super_admin', 'Super administrator',
     'keys.read keys.create keys.update keys.rotate keys.delete keys.reveal org.settings audit.read'
     || ' users.manage assignments.manage accounts.manage',
     TRUE, 0, 0),
    ('00000000-0000-7000-8000-000000000002', 'admin', 'Administrator',
     'keys.read keys.create keys.update keys.rotate keys.delete keys.reveal org.settings audit.read'
     || ' users.manage',
     TRUE, 0, 0),
    ('00000000-0000-7000-8000-000000000003', 'key_manager', 'Key manager',
     'keys.read keys.create keys.update keys.rotate', TRUE, 0, 0),
    ('00000000-0000-7000-8000-000000000004', 'auditor', 'Auditor',
     'keys.read audit.read', TRUE, 0, 0);

-- Caches forget what such changes touch; what is not about one client or token makes them forget all.
DROP TRIGGER client_changed ON client;
CREATE TRIGGER client_changed AFTER INSERT OR DELETE OR UPDATE OF
    account_id, identifier, name, display_name, environment, enabled, expires_at,
    signature_methods, body_hash_required, rsa_public_key, scopes, attributes, deleted_at,
    two_legged, ip_allow, attribute_methods, acts_as, role_id
ON client FOR EACH ROW EXECUTE FUNCTION oauth1_client_changed();
CREATE TRIGGER account_changed AFTER UPDATE OF name, basic_auth, deleted_at
ON account FOR EACH STATEMENT EXECUTE FUNCTION oauth1_all_changed();
CREATE TRIGGER person_changed AFTER UPDATE OF enabled, scopes, deleted_at
ON person FOR EACH STATEMENT EXECUTE FUNCTION oauth1_all_changed();
CREATE TRIGGER assignment_changed AFTER INSERT OR DELETE
ON assignment FOR EACH STATEMENT EXECUTE FUNCTION oauth1_all_changed();
CREATE FUNCTION oauth1_basic_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_notify('oauth1_credentials', 'basic ' || OLD.name);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM pg_notify('oauth1_credentials', 'basic ' || NEW.name);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER basic_credential_changed AFTER INSERT OR DELETE OR UPDATE OF
    name, password_hash, scopes, enabled, deleted_at
ON basic_credential FOR EACH ROW EXECUTE FUNCTION oauth1_basic_changed();

-- What consoles manage: people and their roles, limits and switches of accounts, passwords instead of
-- signatures, refused requests. The same meaning as migrations/postgres.

-- How an account treats its keys.
ALTER TABLE account ADD COLUMN basic_auth INTEGER NOT NULL DEFAULT 0 CHECK (basic_auth IN (0, 1));
-- Whether a secret can be read again: never, or by who gives the password again.
ALTER TABLE account ADD COLUMN secret_reveal TEXT NOT NULL DEFAULT 'never'
    CHECK (secret_reveal IN ('never', 'step_up'));
ALTER TABLE account ADD COLUMN expiry_required INTEGER NOT NULL DEFAULT 0 CHECK (expiry_required IN (0, 1));
ALTER TABLE account ADD COLUMN deletion_allowed INTEGER NOT NULL DEFAULT 1 CHECK (deletion_allowed IN (0, 1));
-- A name of the IANA database, for dates without a time.
ALTER TABLE account ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
-- Grows with each change, for If-Match.
ALTER TABLE account ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
UPDATE account SET max_keys = 100 WHERE id = '00000000-0000-7000-8000-000000000000' AND max_keys = 0;

-- What people and keys may do to the tables. Built-in roles have no account.
CREATE TABLE role (
    id TEXT PRIMARY KEY,
    account_id TEXT REFERENCES account (id),
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    -- Between spaces: keys.read, keys.create, ….
    permissions TEXT NOT NULL,
    built_in INTEGER NOT NULL DEFAULT 0 CHECK (built_in IN (0, 1)),
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX role_name ON role (coalesce(account_id, ''), name) WHERE deleted_at IS NULL;

-- Who may sign in.
CREATE TABLE person (
    id TEXT PRIMARY KEY,
    -- NULL for all accounts.
    account_id TEXT REFERENCES account (id),
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    -- argon2id, as a PHC string; NULL for who cannot sign in.
    password_hash TEXT,
    role_id TEXT NOT NULL REFERENCES role (id),
    -- What keys that act as this person may do at most: scopes between spaces, or *.
    scopes TEXT NOT NULL DEFAULT '*',
    enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    -- Wrong passwords in a row.
    failures INTEGER NOT NULL DEFAULT 0,
    failed_at INTEGER,
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    deleted_at INTEGER,
    signed_in_at INTEGER
) STRICT;
CREATE UNIQUE INDEX person_name ON person (name) WHERE deleted_at IS NULL;

-- Who is signed in.
CREATE TABLE session (
    -- SHA-256 of what the cookie says.
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    address TEXT,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- When the password was given last.
    password_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_expiry ON session (expires_at);

-- SHA-256 of the code that makes the first person; NULL when it was used.
ALTER TABLE meta ADD COLUMN setup_code TEXT;
-- When the first person was made.
ALTER TABLE meta ADD COLUMN setup_at INTEGER;

-- Privileges of the catalogue that only a super administrator gives to an account.
CREATE TABLE assignment (
    account_id TEXT NOT NULL REFERENCES account (id),
    scope TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (account_id, scope)
) STRICT;

ALTER TABLE client ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
-- Requests without a token.
ALTER TABLE client ADD COLUMN two_legged INTEGER NOT NULL DEFAULT 0 CHECK (two_legged IN (0, 1));
-- Addresses and networks (CIDR) between spaces; empty for any.
ALTER TABLE client ADD COLUMN ip_allow TEXT NOT NULL DEFAULT '';
-- Methods whose requests get the attributes, between spaces.
ALTER TABLE client ADD COLUMN attribute_methods TEXT NOT NULL DEFAULT 'POST';
-- Whose rights limit it; it is refused when this person is.
ALTER TABLE client ADD COLUMN acts_as TEXT REFERENCES person (id);
-- For a key that manages keys.
ALTER TABLE client ADD COLUMN role_id TEXT REFERENCES role (id);
-- Until when a secret that is being replaced is good, of the client or of its own token.
ALTER TABLE client ADD COLUMN old_secret_expires_at INTEGER;
UPDATE client SET old_secret_expires_at =
    (SELECT max(s.expires_at) FROM secret s WHERE s.client_id = client.id OR s.token_id =
        (SELECT t.id FROM token t WHERE t.client_id = client.id AND t.own AND t.deleted_at IS NULL))
    WHERE EXISTS (SELECT 1 FROM secret s WHERE s.expires_at IS NOT NULL);
-- When a secret that is being replaced was used last.
ALTER TABLE client ADD COLUMN old_secret_used_at INTEGER;
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
    account_id TEXT NOT NULL,
    word TEXT NOT NULL,
    client_id TEXT NOT NULL REFERENCES client (id),
    PRIMARY KEY (account_id, word, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX client_word_client ON client_word (client_id, word);
-- When the words of the keys that were there before were kept.
ALTER TABLE meta ADD COLUMN words_at INTEGER;

-- Where requests of a key came from, the latest few.
CREATE TABLE client_address (
    client_id TEXT NOT NULL REFERENCES client (id),
    address TEXT NOT NULL,
    first_used_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, address)
) STRICT;

-- The latest refused requests of each key, and of senders without one.
CREATE TABLE refusal (
    id TEXT PRIMARY KEY,
    client_id TEXT REFERENCES client (id),
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    address TEXT,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    -- JSON: what was signed, without secrets.
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX refusal_list ON refusal (client_id, id);

-- A name and a password instead of a signature, where the account permits it.
CREATE TABLE basic_credential (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    name TEXT NOT NULL,
    -- argon2id, as a PHC string.
    password_hash TEXT NOT NULL,
    -- Between spaces; * for all that needs no assignment.
    scopes TEXT NOT NULL DEFAULT '*',
    enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    deleted_at INTEGER,
    last_used_at INTEGER,
    last_used_address TEXT
) STRICT;
CREATE UNIQUE INDEX basic_credential_name ON basic_credential (name) WHERE deleted_at IS NULL;
CREATE INDEX basic_credential_list ON basic_credential (account_id, id) WHERE deleted_at IS NULL;

-- Answers that are given again to the same Idempotency-Key.
CREATE TABLE idempotency (
    -- SHA-256 of the caller and the key.
    id TEXT PRIMARY KEY,
    -- SHA-256 of the request.
    request TEXT NOT NULL,
    -- NULL while it is at work.
    status INTEGER,
    -- The answer, sealed: it may hold secrets.
    key_id TEXT,
    sealed BLOB,
    created_at INTEGER NOT NULL
) STRICT;
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
DROP TRIGGER client_changed;
CREATE TRIGGER client_changed AFTER UPDATE OF
    account_id, identifier, name, display_name, environment, enabled, expires_at,
    signature_methods, body_hash_required, rsa_public_key, scopes, attributes, deleted_at,
    two_legged, ip_allow, attribute_methods, acts_as, role_id
ON client BEGIN
    INSERT INTO change (kind, identifier, at)
        SELECT 'client', OLD.identifier, NEW.changed_at WHERE OLD.identifier <> NEW.identifier;
    INSERT INTO change (kind, identifier, at) VALUES ('client', NEW.identifier, NEW.changed_at);
END;
CREATE TRIGGER account_changed AFTER UPDATE OF name, basic_auth, deleted_at ON account BEGIN
    INSERT INTO change (kind, identifier, at) VALUES ('all', '', NEW.changed_at);
END;
CREATE TRIGGER person_changed AFTER UPDATE OF enabled, scopes, deleted_at ON person BEGIN
    INSERT INTO change (kind, identifier, at) VALUES ('all', '', NEW.changed_at);
END;
CREATE TRIGGER assignment_created AFTER INSERT ON assignment BEGIN
    INSERT INTO change (kind, identifier, at) VALUES ('all', '', NEW.created_at);
END;
CREATE TRIGGER assignment_removed AFTER DELETE ON assignment BEGIN
    INSERT INTO change (kind, identifier, at) VALUES ('all', '', OLD.created_at);
END;
CREATE TRIGGER basic_credential_created AFTER INSERT ON basic_credential BEGIN
    INSERT INTO change (kind, identifier, at) VALUES ('basic', NEW.name, NEW.created_at);
END;
CREATE TRIGGER basic_credential_changed AFTER UPDATE OF
    name, password_hash, scopes, enabled, deleted_at
ON basic_credential BEGIN
    INSERT INTO change (kind, identifier, at) VALUES ('basic', OLD.name, NEW.changed_at);
    INSERT INTO change (kind, identifier, at) VALUES ('basic', NEW.name, NEW.changed_at);
END;

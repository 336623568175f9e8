-- Access that people grant to applications (RFC 5849 section 2). The same meaning as
-- migrations/sqlite.

-- Between spaces: URIs that people are sent back to (section 2.1), and oob for a code that they
-- carry themselves. Empty: the application cannot ask for access.
ALTER TABLE client ADD COLUMN callbacks TEXT NOT NULL DEFAULT '';

-- Whom a session is with: the console, or the pages on which people grant access.
ALTER TABLE session ADD COLUMN audience TEXT NOT NULL DEFAULT 'console'
    CHECK (audience IN ('console', 'owner'));

-- Signs in to grant access, and sees nothing of the console.
INSERT INTO role (id, name, display_name, permissions, built_in, created_at, changed_at) VALUES
    ('00000000-0000-7000-8000-000000000005', 'member', 'Member', '', TRUE, 0, 0);

-- Temporary credentials (section 2.1), and what became of them.
CREATE TABLE temporary (
    id TEXT COLLATE "C" PRIMARY KEY,
    client_id TEXT COLLATE "C" NOT NULL REFERENCES client (id),
    identifier TEXT COLLATE "C" NOT NULL UNIQUE CHECK (length(identifier) BETWEEN 1 AND 255),
    -- What opens the shared-secret and the verification code.
    key_id TEXT COLLATE "C" NOT NULL,
    sealed BYTEA NOT NULL,
    verifier BYTEA,
    -- A URI, or oob.
    callback TEXT NOT NULL,
    -- What is asked for, between spaces.
    scopes TEXT NOT NULL,
    -- locked: too many wrong verification codes.
    state TEXT NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'authorized', 'denied', 'used', 'locked')),
    failures BIGINT NOT NULL DEFAULT 0,
    -- Who decided.
    resource_owner TEXT COLLATE "C",
    person_id TEXT COLLATE "C" REFERENCES person (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX temporary_client ON temporary (client_id, expires_at);
CREATE INDEX temporary_expiry ON temporary (expires_at);
CREATE INDEX temporary_key ON temporary (key_id, id);

-- What a resource owner granted to an application (section 2.2). Its tokens come and go.
CREATE TABLE delegation (
    id TEXT COLLATE "C" PRIMARY KEY,
    client_id TEXT COLLATE "C" NOT NULL REFERENCES client (id),
    resource_owner TEXT COLLATE "C" NOT NULL,
    -- NULL for who is known elsewhere.
    person_id TEXT COLLATE "C" REFERENCES person (id),
    scopes TEXT NOT NULL,
    -- SHA-256 of the session handle, by which tokens are renewed; NULL if they are not.
    session_handle TEXT COLLATE "C",
    -- The token that the last renewal made.
    token_id TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    -- From when on it is not renewed.
    expires_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX delegation_owner ON delegation (resource_owner, id) WHERE revoked_at IS NULL;
CREATE INDEX delegation_person ON delegation (person_id, id) WHERE revoked_at IS NULL;
CREATE INDEX delegation_client ON delegation (client_id, id);
ALTER TABLE token ADD COLUMN delegation_id TEXT COLLATE "C" REFERENCES delegation (id);
CREATE INDEX token_delegation ON token (delegation_id) WHERE delegation_id IS NOT NULL;
-- A client may have as many as there are people: its own comes first, and those that nobody granted
-- are counted by themselves.
CREATE INDEX token_of_client ON token (client_id, own, id) WHERE deleted_at IS NULL;
CREATE INDEX token_minted ON token (client_id, expires_at)
    WHERE deleted_at IS NULL AND delegation_id IS NULL AND NOT own;

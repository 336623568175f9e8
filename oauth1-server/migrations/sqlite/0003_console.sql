-- Keys whose list of allowed addresses has all of them: few, and counted on each list of keys.
CREATE INDEX client_open ON client (account_id, ip_allow, id)
    WHERE deleted_at IS NULL AND ip_allow LIKE '%/0%';

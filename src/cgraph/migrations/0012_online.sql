-- Who is connected, as the nodes know it: for what is decided where no socket is (jobs, other processes).

CREATE TABLE online (
    user_id uuid NOT NULL,
    -- The node that holds a socket of theirs.
    node text NOT NULL,
    -- Told again and again while it lasts; a node that is no more stops telling.
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, node)
) WITH (fillfactor = 70);
CREATE INDEX online_node ON online (node);

-- When a person was last connected; not kept of those who want to be invisible.
ALTER TABLE users ADD last_seen_at timestamptz;

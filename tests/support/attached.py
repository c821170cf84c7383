"""Files that are ready, put into the tables as if they had been uploaded, and who may read them."""

import os
from typing import Any
from uuid import UUID

from cgraph.accounts import Actor
from cgraph.files import NewAttachment
from cgraph_kit.db import Repo
from cgraph_kit.ids import new_id


async def make_file(db: Repo, owner: Actor, **facts: Any) -> UUID:
    """A picture of somebody's, unless `facts` say otherwise: `content_type`, `size`, `duration`, `state` …"""
    state = facts.get("state", "ready")
    blob_id, id = (new_id() if state == "ready" else None), new_id()
    if blob_id is not None:
        await db.value(
            _BLOB,
            blob_id,
            os.urandom(32),
            facts.get("size", 1000),
            facts.get("content_type", "image/png"),
            facts.get("duration"),
        )
    refusal = "file_broken" if state == "refused" else None
    await db.value(_FILE, id, owner.id, facts.get("name", "bee.png"), state, refusal, blob_id)
    return id


async def with_file(db: Repo, owner: Actor, **facts: Any) -> NewAttachment:
    """The same, to come with something."""
    return NewAttachment(await make_file(db, owner, **facts))


async def exists(db: Repo, file_id: UUID) -> bool:
    """Whether a file is kept."""
    found: bool = await db.value("SELECT EXISTS (SELECT FROM files WHERE id = $1)", file_id)
    return found


async def hangs_on(db: Repo, file_id: UUID) -> list[tuple[str, UUID]]:
    """What a file hangs on."""
    sql = "SELECT jsonb_build_array(kind, item_id) FROM file_attachments WHERE file_id = $1"
    return [(kind, UUID(id)) for kind, id in await db.values(sql, file_id)]


async def astray(db: Repo, *people: Actor) -> list[str]:
    """What is wrong with how these people's files hang: on what is gone, on what does not show them, or marked as if on nothing."""
    found: list[str] = await db.values(_ASTRAY, [one.id for one in people])
    return found


_BLOB = """
INSERT INTO file_blobs (id, hash, size, content_type, width, height, frames, duration)
VALUES ($1, $2, $3, $4, 640, 480, 1, $5)
"""
_FILE = """
INSERT INTO files (id, user_id, name, state, refusal, blob_id, charged) VALUES ($1, $2, $3, $4, $5, $6, 0)
"""
# What a draft's files hang on is no column of it.
_ASTRAY = """
SELECT a.kind || ' ' || a.item_id || CASE WHEN f.loose THEN ' loose' ELSE '' END
FROM files f JOIN file_attachments a ON a.file_id = f.id
WHERE f.user_id = ANY($1) AND a.kind <> 'draft' AND (f.loose OR NOT CASE a.kind
    WHEN 'message' THEN EXISTS (SELECT FROM messages m WHERE m.id = a.item_id AND m.deleted_at IS NULL
        AND m.attachments @> jsonb_build_array(jsonb_build_object('id', f.id)))
    WHEN 'scheduled_message' THEN EXISTS (SELECT FROM scheduled_messages m WHERE m.id = a.item_id
        AND m.attachments @> jsonb_build_array(jsonb_build_object('id', f.id)))
    WHEN 'post' THEN EXISTS (SELECT FROM posts p JOIN forums o ON o.id = p.forum_id
        WHERE p.id = a.item_id AND p.deleted_at IS NULL AND o.deleted_at IS NULL
        AND p.attachments @> jsonb_build_array(jsonb_build_object('id', f.id)))
    WHEN 'comment' THEN EXISTS (SELECT FROM comments c JOIN forums o ON o.id = c.forum_id
        WHERE c.id = a.item_id AND c.deleted_at IS NULL AND o.deleted_at IS NULL
        AND c.attachments @> jsonb_build_array(jsonb_build_object('id', f.id)))
    WHEN 'kept' THEN EXISTS (SELECT FROM group_threads t WHERE t.id = a.place_id)
    WHEN 'avatar' THEN EXISTS (SELECT FROM users u WHERE u.id = a.item_id AND strpos(u.avatar_url, f.id::text) > 0)
    WHEN 'icon' THEN EXISTS (SELECT FROM groups g WHERE g.id = a.item_id AND strpos(g.icon_url, f.id::text) > 0)
        OR EXISTS (SELECT FROM forums o WHERE o.id = a.item_id AND o.deleted_at IS NULL AND strpos(o.icon_url, f.id::text) > 0)
    ELSE false
END)
"""

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


_BLOB = """
INSERT INTO file_blobs (id, hash, size, content_type, width, height, frames, duration)
VALUES ($1, $2, $3, $4, 640, 480, 1, $5)
"""
_FILE = """
INSERT INTO files (id, user_id, name, state, refusal, blob_id, charged) VALUES ($1, $2, $3, $4, $5, $6, 0)
"""

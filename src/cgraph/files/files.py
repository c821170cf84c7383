"""What people do with their own files."""

from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page

from .errors import FileInUse, FileNotFound
from .file import FILE, FROM_FILES, File, FileChange, FileRow
from .names import harmless
from .removing import remove_unattached


async def list_files(
    db: Repo, actor: Actor, *, limit: int = DEFAULT_LIMIT, after: str | None = None
) -> Page[File]:
    """The actor's files, newest first, refused ones and uploads under way included; `after` is a cursor of this list."""
    start = decode_cursor(after, UUID, "after") if after else UUID(int=2**128 - 1)
    rows = await db.all(FileRow, _LIST, actor.id, start, limit + 1)
    return forward_page([row.file() for row in rows], limit, lambda file: file.id)


async def get_file(db: Repo, actor: Actor, file_id: UUID) -> File:
    """One of the actor's files, in whatever state. Raises `FileNotFound`."""
    row = await db.first(FileRow, _GET, actor.id, file_id)
    if row is None:
        raise FileNotFound
    return row.file()


async def change_file(db: Repo, actor: Actor, file_id: UUID, change: FileChange) -> File:
    """Call it something else, or say what is to be seen: from now on, and where it is downloaded.

    What has been said with it keeps both as they were then. Raises `FileNotFound`.
    """
    named = change.name is not msgspec.UNSET
    described = change.alt_text is not msgspec.UNSET
    changed = await db.value(
        _CHANGE,
        actor.id,
        file_id,
        harmless(change.name) if isinstance(change.name, str) else None,
        named,
        change.alt_text if described else None,
        described,
    )
    if not changed:
        raise FileNotFound
    return await get_file(db, actor, file_id)


async def delete_file(db: Repo, actor: Actor, file_id: UUID) -> None:
    """Remove a file that hangs on nothing, in whatever state. Raises `FileNotFound`, `FileInUse`."""
    async with db.transaction() as tx:
        if not await tx.value(_HOLD, actor.id, file_id):
            raise FileNotFound
        if not await remove_unattached(tx, [file_id]):
            raise FileInUse


_LIST = f"SELECT {FILE} FROM {FROM_FILES} WHERE f.user_id = $1 AND f.id < $2 ORDER BY f.id DESC LIMIT $3"
_GET = f"SELECT {FILE} FROM {FROM_FILES} WHERE f.user_id = $1 AND f.id = $2"
_HOLD = "SELECT true FROM files WHERE user_id = $1 AND id = $2 FOR NO KEY UPDATE"
_CHANGE = """
UPDATE files SET name = CASE WHEN $4 THEN $3 ELSE name END, alt_text = CASE WHEN $6 THEN $5 ELSE alt_text END,
                 updated_at = now()
WHERE user_id = $1 AND id = $2 RETURNING true
"""

"""What nobody has any use for: uploads nobody finished, files nobody attached, objects that are nobody's."""

from datetime import datetime, timedelta

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.storage import Storage

from .doomed import remove_doomed
from .errors import NotLookedAt
from .keeping import refuse
from .limits import DEFAULT_LIMITS, Limits
from .removing import remove_unattached

AT_ONCE = 500


async def forget_unused(db: Repo, *, limits: Limits = DEFAULT_LIMITS) -> int:
    """Remove files that have hung on nothing for too long, in whatever state, and unfinished uploads. How many.

    Their rows are held first, and those that hang on something by then are left alone; whoever claims one that is being
    removed waits, and finds none. It costs what it finds, however many files there are.
    """
    before = clock.now() - timedelta(hours=limits.upload_hours)
    for file_id in await db.values(_UNDECIDED, before):
        await refuse(db, file_id, NotLookedAt)
    return await _remove(db, _GIVEN_UP, clock.now()) + await _remove(db, _LOOSE, before)


async def _remove(db: Repo, sql: str, before: datetime) -> int:
    removed = 0
    while True:
        async with db.transaction() as tx:
            gone = await remove_unattached(tx, await tx.values(sql, before, AT_ONCE))
        removed += len(gone)
        if len(gone) < AT_ONCE:
            return removed


async def collect(db: Repo, storage: Storage) -> int:
    """Remove objects that are nobody's. How many. Raises `StorageError`."""
    return await remove_doomed(db, storage)


class Overview(msgspec.Struct, frozen=True):
    """What there is."""

    files: int
    """That are ready."""
    attached: int
    uploading: int
    processing: int
    refused: int
    contents: int
    """Each kept once."""
    bytes: int
    """Of all contents, without thumbnails."""
    doomed: int
    """Objects that are due to be removed."""


async def get_overview(db: Repo) -> Overview:
    """Of all people's files; counted one by one."""
    return await db.one(Overview, _OVERVIEW)


_UNDECIDED = """
SELECT id FROM files WHERE state = 'processing' AND updated_at < $1 ORDER BY updated_at LIMIT 1000
"""
_GIVEN_UP = """
SELECT f.id FROM file_uploads u JOIN files f ON f.id = u.file_id
WHERE u.expires_at < $1 AND f.state = 'uploading'
ORDER BY u.expires_at LIMIT $2 FOR NO KEY UPDATE OF f SKIP LOCKED
"""
# A refused one stays as long as one that waits to be attached, for its owner to see why. What has ever hung on something
# goes when it is taken off the last.
_LOOSE = """
SELECT id FROM files WHERE loose AND state IN ('ready', 'refused') AND updated_at < $1
ORDER BY updated_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
"""
_OVERVIEW = """
SELECT count(*) FILTER (WHERE state = 'ready'),
       (SELECT count(DISTINCT file_id) FROM file_attachments),
       count(*) FILTER (WHERE state = 'uploading'), count(*) FILTER (WHERE state = 'processing'),
       count(*) FILTER (WHERE state = 'refused'), (SELECT count(*) FROM file_blobs),
       (SELECT coalesce(sum(size), 0)::bigint FROM file_blobs),
       (SELECT count(*) FROM file_doomed WHERE due_at <= now())
FROM files
"""

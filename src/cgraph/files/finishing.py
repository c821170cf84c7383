"""The end of an upload: everything is there."""

from uuid import UUID

from cgraph.accounts import Actor
from cgraph_kit.db import Repo
from cgraph_kit.jobs import PRIORITIES

from .errors import FileEmpty, UploadIncomplete, UploadNotFound
from .jobs import look_at_file
from .limits import DEFAULT_LIMITS, Limits
from .quota import demand_turn, recharge
from .upload import UploadRow
from .uploads import hold_upload

LEFT_BEHIND = 60.0
"""Seconds after which the job looks at what whoever finished it should have looked at by then."""


async def finish_upload(
    db: Repo, actor: Actor, upload_id: UUID, *, limits: Limits = DEFAULT_LIMITS
) -> UUID:
    """Everything is there: it is to be looked at. Again is well. The file's id.

    Whoever finishes it looks at it (`Workshop.process`); the job that is left behind does where nobody did. Raises
    `UploadNotFound`, `UploadIncomplete`, `FileEmpty`, and `TooManyWaiting`, after which it may be finished later.
    """
    async with db.transaction() as tx:
        row = await hold_upload(tx, actor, upload_id)
        if row is None:
            if await tx.value(_DONE, upload_id, actor.id):
                return upload_id
            raise UploadNotFound
        if row.state == "uploading":
            _demand_whole(row)
            await recharge(tx, row.id, row.received)
            waiting = await demand_turn(tx, actor.id, most=limits.files_waiting_max)
            await tx.value(_FINISH, row.id)
            await look_at_file.enqueue(
                tx, file_id=row.id, schedule_in=LEFT_BEHIND, priority=_priority(waiting)
            )
    return row.id


def _priority(waiting: int) -> int:
    """Of a job before which so many of its owner's wait.

    By powers of two, for there are few priorities: before somebody's nth go fewer than 2n of anybody else's, however many they left.
    """
    return min(waiting.bit_length(), PRIORITIES.stop - 1)


def _demand_whole(row: UploadRow) -> None:
    if not row.received:
        raise FileEmpty
    if row.size is not None and row.received < row.size:
        raise UploadIncomplete(offset=row.received)


_DONE = "SELECT true FROM files WHERE id = $1 AND user_id = $2 AND state <> 'uploading'"
_FINISH = "UPDATE files SET state = 'processing', updated_at = now() WHERE id = $1"

"""Uploads in pieces, which go on where they were interrupted."""

from uuid import UUID

from cgraph import files
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.files import File, NewUpload, Upload
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_web.action import Body, action
from cgraph_web.errors import BadRequest
from cgraph_web.incoming import Incoming
from cgraph_web.response import Reply
from cgraph_web.views.base import Data

from .files import ACCEPTED, CREATED, looked_at

OFFSET = "Upload-Offset"
BEES = {"name": "bees.mp4", "size": 7_340_032, "alt_text": "A swarm settles on a branch"}


def _at(upload: Upload) -> Reply[Data[Upload]]:
    return Reply(Data(upload), headers={OFFSET: str(upload.offset)})


@action(status=201, errors=(files.FileTooLarge, files.QuotaExceeded), example=BEES)
async def create(app: App, db: Repo, actor: Actor, new: Body[NewUpload]) -> Data[Upload]:
    """Begin to upload a file in pieces. What is declared counts against the quota from now on."""
    return Data(await files.begin_upload(db, actor, new, limits=app.limits.files))


@action(errors=(files.UploadNotFound,))
async def show(db: Repo, actor: Actor, upload_id: UUID) -> Reply[Data[Upload]]:
    """How far an upload has come; with HEAD, the header `Upload-Offset` says it."""
    return _at(await files.get_upload(db, actor, upload_id))


@action(
    errors=(
        files.UploadNotFound,
        files.OffsetMismatch,
        files.UploadUnderWay,
        files.TooManyPieces,
        files.FileTooLarge,
        BadRequest,
    ),
    idempotency="none",
)
async def append(
    app: App, actor: Actor, upload_id: UUID, incoming: Incoming
) -> Reply[Data[Upload]]:
    """Add a piece at `Upload-Offset`: all of it, or nothing.

    Anywhere else than where the upload goes on it is refused, and the answer's `offset` says where that is; but the very piece
    that has arrived before is well. At most 1,000 pieces.
    """
    offset = incoming.headers.get(OFFSET.lower().encode(), b"")
    if not offset.isdigit() or len(offset) > 18:  # noqa: PLR2004 (what a bigint holds)
        raise Invalid.field(OFFSET, "must be the number of bytes before this piece")
    length = incoming.length
    if length is not None and length > app.limits.files.file_max:
        raise files.FileTooLarge(limit=app.limits.files.file_max)
    return _at(
        await files.write_piece(
            app.db,
            app.storage,
            actor,
            upload_id,
            incoming.pieces(),
            offset=int(offset),
            limits=app.limits.files,
        )
    )


@action(
    status=CREATED,
    also=(ACCEPTED,),
    errors=(
        files.UploadNotFound,
        files.UploadIncomplete,
        files.FileEmpty,
        files.FileNotFound,
        files.TooManyWaiting,
        *files.REFUSALS.values(),
    ),
    idempotency="none",
)
async def finish(app: App, actor: Actor, upload_id: UUID) -> Reply[Data[File]]:
    """Everything is there: have it looked at. Again is well, and answered with what came of it.

    201: it is `ready`. 202: it is still being looked at.
    """
    file_id = await files.finish_upload(app.db, actor, upload_id, limits=app.limits.files)
    return await looked_at(app, actor, file_id)


@action(status=204, errors=(files.UploadNotFound, files.UploadUnderWay))
async def abandon(db: Repo, actor: Actor, upload_id: UUID) -> None:
    """Give an upload up, and forget what has arrived."""
    await files.abandon_upload(db, actor, upload_id)

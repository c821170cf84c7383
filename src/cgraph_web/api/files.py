"""Files: uploaded in one request, handed out to whoever may read what they hang on."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

from cgraph import accounts, files
from cgraph.accounts import Actor, Ticket
from cgraph.application import App
from cgraph.files import Content, File, FileChange, Usage
from cgraph_kit import idempotency
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.idempotency import request_hash
from cgraph_kit.paging import WhichPage
from cgraph_kit.validation import Input, Text
from cgraph_web.action import Body, Query, action
from cgraph_web.errors import BadRequest, RangeNotSatisfiable
from cgraph_web.exchange import Exchange
from cgraph_web.handing_out import hand_out
from cgraph_web.incoming import FormFile, Incoming
from cgraph_web.response import Reply, Response
from cgraph_web.views.base import Data, Many, many

PATH = b"/api/v1/files"
TICKET_FOR = "files"
ALT = "alt_text"
CREATED, ACCEPTED = 201, 202
PIECE = 256 * 1024
"""Bytes that are read from the store, and held for one reader, at a time."""
HANDING_OUT = (files.FileNotFound, RangeNotSatisfiable, *accounts.TICKET_ERRORS)
"""What can go wrong where a file's bytes are handed out."""


class HowToRead(Input, frozen=True):
    """How a file is to be handed out."""

    ticket: Text | None = None
    """Instead of an Authorization header, for browsers that load by themselves."""
    download: bool = False
    """Also what could be shown is a download."""


@action(
    status=CREATED,
    also=(ACCEPTED,),
    errors=(
        files.FileEmpty,
        files.FileNotFound,
        files.TooManyWaiting,
        *files.REFUSALS.values(),
        BadRequest,
    ),
    idempotency="own",
)
async def create(
    app: App, actor: Actor, incoming: Incoming, idempotency_key: str | None
) -> Reply[Data[File]]:
    """Upload a file in one request.

    Either the bytes themselves, with `X-File-Name` (percent-encoded UTF-8) and perhaps `X-File-Alt-Text`, or
    `multipart/form-data` with one file, last, and perhaps a field `alt_text` before it. What type it is stands in the
    bytes: neither the name nor Content-Type counts. 201: it is `ready` to be attached. 202: it is still being looked at;
    the push `file_ready` or `file_refused` on `user:<id>` says what came of it.
    """
    name, alt_text, length, content = await _opened(app, incoming)
    file_id = await files.open_upload(
        app.db,
        actor,
        name,
        length,
        at_most=incoming.length,
        alt_text=alt_text,
        limits=app.limits.files,
    )
    named = [name.encode(), (alt_text or "").encode()]
    try:
        await files.write_piece(
            app.db, app.storage, actor, file_id, content, offset=0, limits=app.limits.files
        )
        before = await _arrived(
            app, actor, file_id, idempotency_key, request_hash(b"POST", PATH, *named)
        )
    except BaseException:
        await files.discard_upload(app.db, actor, file_id)
        raise
    if before is None:
        return await looked_at(app, actor, file_id)
    answer = await looked_at(app, actor, before)
    return Reply(answer.body, answer.status, {"Idempotent-Replay": "true"})


async def _arrived(
    app: App, actor: Actor, file_id: UUID, key: str | None, named: bytes
) -> UUID | None:
    """Finish an upload; or, where a write of this name has brought the same before, discard it and return what that made.

    Where that is gone, this one takes its place. `named`: what makes it the same, but for the bytes.
    """
    async with app.db.transaction() as tx:
        if key is not None:
            hash = request_hash(named, await files.hash_of_first_piece(tx, file_id))
            claimed = await idempotency.claim(tx, actor.id, key, hash)
            if claimed is not None:
                # Of two repeats at once the second finds what the first has brought again.
                claimed = await idempotency.hold(tx, actor.id, key, hash)
            before = claimed and claimed.body and UUID(bytes=claimed.body)
            if before and await _is_there(tx, actor, before):
                await files.discard_upload(tx, actor, file_id)
                return before
            await idempotency.answer(tx, actor.id, key, CREATED, file_id.bytes)
        await files.finish_upload(tx, actor, file_id, limits=app.limits.files)
    return None


async def _is_there(db: Repo, actor: Actor, file_id: UUID) -> bool:
    try:
        await files.get_file(db, actor, file_id)
    except files.FileNotFound:
        return False
    return True


async def _opened(
    app: App, incoming: Incoming
) -> tuple[str, str | None, int | None, AsyncIterator[bytes]]:
    """Name, alternative text, length if it is known, and the bytes."""
    most = app.limits.files.file_max
    if not incoming.is_form:
        alt_text = incoming.header(b"x-file-alt-text")
        return incoming.header(b"x-file-name") or "", alt_text, incoming.length, incoming.pieces()
    form = FormFile(incoming, most=most)
    content = await form.open()
    if unknown := sorted(set(form.texts) - {ALT}):
        raise Invalid.field(unknown[0], "is not a known field")
    return form.name, form.texts.get(ALT), None, content


async def looked_at(app: App, actor: Actor, file_id: UUID) -> Reply[Data[File]]:
    """A file that has arrived, once it has been looked at or that takes too long. Raises the `RefusedFile` it was refused for."""
    await app.workshop.process(file_id)
    file = await files.get_file(app.db, actor, file_id)
    if file.refusal is not None:
        raise files.REFUSALS[file.refusal](file_id=str(file_id))
    return Reply(Data(file), CREATED if file.state == "ready" else ACCEPTED)


@action(status=201, idempotency="none")
async def ticket(app: App, actor: Actor) -> Data[Ticket]:
    """A ticket for addresses of files that a browser loads by itself, as `<img src="…?ticket=…">`.

    One is enough for all files; what may be read is asked each time. It ends with the session, and within the hour.
    """
    life = timedelta(minutes=app.settings.file_ticket_minutes)
    return Data(accounts.issue_ticket(app.auth, actor, TICKET_FOR, life=life))


@action(
    public=True,
    also=(206,),
    binary=True,
    errors=HANDING_OUT,
)
async def show(
    app: App, actor: Actor | None, exchange: Exchange, file_id: UUID, query: Query[HowToRead]
) -> Response:
    """The bytes of a file, or a range of them.

    For its uploader and whoever may read something it hangs on, now; avatars and icons for everybody. By the Authorization
    header or `?ticket=`. What browsers may not show in place is `application/octet-stream` and a download.
    """
    found = await _find(app, actor, file_id, query)
    return _content(app, exchange, found, query)


@action(
    public=True,
    also=(206,),
    binary=True,
    errors=HANDING_OUT,
)
async def show_named(
    app: App,
    actor: Actor | None,
    exchange: Exchange,
    *,
    file_id: UUID,
    name: Text,  # noqa: ARG001 (for people who read addresses)
    query: Query[HowToRead],
) -> Response:
    """The same under an address that ends in a name; any name will do."""
    found = await _find(app, actor, file_id, query)
    return _content(app, exchange, found, query)


@action(
    public=True,
    also=(206,),
    binary=True,
    errors=HANDING_OUT,
)
async def thumbnail(
    app: App,
    actor: Actor | None,
    exchange: Exchange,
    *,
    file_id: UUID,
    name: Text,
    query: Query[HowToRead],
) -> Response:
    """A smaller picture of an image, as WebP, by its `name` in `thumbnails`."""
    found = await _find(app, actor, file_id, query)
    one = next((one for one in found.thumbnails if one.name == name), None)
    if one is None:
        raise files.FileNotFound
    key = files.thumbnail_key(found.blob_id, name)
    return hand_out(
        exchange,
        lambda start, end: app.storage.stream(key, start=start, end=end, part=PIECE),
        name=f"{found.name}.{name}.webp",
        content_type="image/webp",
        size=one.size,
        hash=found.hash + name.encode(),
        public=found.public,
        download=query.download,
    )


async def _find(app: App, actor: Actor | None, file_id: UUID, query: HowToRead) -> Content:
    if actor is None and query.ticket is not None:
        actor = await accounts.redeem_ticket(app.db, app.auth, query.ticket, TICKET_FOR)
    return await files.get_content(app.db, app.readers, actor, file_id)


def _content(app: App, exchange: Exchange, found: Content, query: HowToRead) -> Response:
    key = files.content_key(found.blob_id)
    return hand_out(
        exchange,
        lambda start, end: app.storage.stream(key, start=start, end=end, part=PIECE),
        name=found.name,
        content_type=found.content_type,
        size=found.size,
        hash=found.hash,
        public=found.public,
        download=query.download,
    )


@action()
async def index(db: Repo, actor: Actor, query: Query[WhichPage]) -> Many[File]:
    """One's own files, newest first, refused ones and uploads under way included."""
    return many(await files.list_files(db, actor, limit=query.limit, after=query.after))


@action(errors=(files.FileNotFound,))
async def own(db: Repo, actor: Actor, file_id: UUID) -> Data[File]:
    """What is known of one of one's files, and what came of it."""
    return Data(await files.get_file(db, actor, file_id))


@action(errors=(files.FileNotFound,))
async def update(db: Repo, actor: Actor, file_id: UUID, change: Body[FileChange]) -> Data[File]:
    """Call a file something else, or say what is to be seen: from now on, and where it is downloaded.

    Messages, posts and comments it came with before go on showing both as they were then.
    """
    return Data(await files.change_file(db, actor, file_id, change))


@action(status=204, errors=(files.FileNotFound, files.FileInUse))
async def remove(db: Repo, actor: Actor, file_id: UUID) -> None:
    """Remove a file that hangs on nothing; what it took of the quota is free again."""
    await files.delete_file(db, actor, file_id)


@action()
async def storage(app: App, actor: Actor) -> Data[Usage]:
    """How much room one's files take, and how much they may."""
    return Data(await files.get_usage(app.db, actor, limits=app.limits.files))

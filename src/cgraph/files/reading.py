"""Who may read a file: its uploader, and whoever may now read one of the things it hangs on."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph_kit.db import Repo

from .attaching import Hung
from .errors import FileNotFound
from .file import Kind, Thumbnail, thumbnails_of

Reader = Callable[[Repo, Actor | None, Sequence[Hung]], Awaitable[Collection[UUID]]]
"""Which of these things, all of one kind, this person may read now; None: anybody. By item id."""
Readers = Mapping[Kind, Reader]
"""Who answers for what; the application knows them all. What nobody answers for is read by nobody."""

PUBLIC: frozenset[Kind] = frozenset({"avatar", "icon"})
"""Seen by everybody, wherever they are seen: no reader is asked. Nobody sees the picture of who is deactivated."""
AT_ONCE = 100
"""Things that are asked about at a time."""


class Content(msgspec.Struct, frozen=True):
    """A file whose bytes may be handed out."""

    id: UUID
    user_id: UUID | None
    name: str
    content_type: str
    size: int
    hash: bytes
    """SHA-256 of the bytes."""
    blob_id: UUID
    thumbnails: Sequence[Thumbnail]
    public: bool
    """Anybody may read it, so anybody may keep it."""


async def get_content(db: Repo, readers: Readers, actor: Actor | None, file_id: UUID) -> Content:
    """A file this person may read now. Raises `FileNotFound`, also while it is in quarantine."""
    row = await db.first(_Row, _GET, file_id, sorted(PUBLIC))
    if row is None:
        raise FileNotFound
    if not (row.public or (actor is not None and row.user_id == actor.id)):
        await _demand_reader(db, readers, actor, file_id)
    return row.content()


async def _demand_reader(db: Repo, readers: Readers, actor: Actor | None, file_id: UUID) -> None:
    after: tuple[str, UUID] = ("", UUID(int=0))
    while hung := await db.all(Hung, _HUNG, file_id, *after, AT_ONCE):
        for kind in {one.kind for one in hung}:
            reader = readers.get(kind)
            same = [one for one in hung if one.kind == kind]
            if reader is not None and await reader(db, actor, same):
                return
        after = hung[-1].kind, hung[-1].item_id
    raise FileNotFound


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    user_id: UUID | None
    name: str
    content_type: str
    size: int
    hash: bytes
    blob_id: UUID
    thumbnails: list[dict[str, str | int]]
    public: bool

    def content(self) -> Content:
        values = msgspec.structs.asdict(self)
        return Content(**values | {"thumbnails": thumbnails_of(self.thumbnails)})


_GET = """
SELECT f.id, f.user_id, f.name, b.content_type, b.size, b.hash, b.id, b.thumbnails,
       EXISTS (
           SELECT FROM file_attachments a WHERE a.file_id = f.id AND a.kind = ANY($2) AND (
               a.kind <> 'avatar' OR EXISTS (SELECT FROM users u WHERE u.id = a.item_id AND u.state = 'active')
           )
       )
FROM files f JOIN file_blobs b ON b.id = f.blob_id WHERE f.id = $1
"""
_HUNG = """
SELECT kind, item_id, place_id FROM file_attachments
WHERE file_id = $1 AND (kind, item_id) > ($2, $3) ORDER BY kind, item_id LIMIT $4
"""

"""What of a reader's own no index knows: muted words, what they have read, what they have not saved.

A search with any of these looks at more than it shows, up to a bound, and drops the rest: pages stay full, totals honest.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from cgraph import forums, groups, messaging
from cgraph.messaging import ReadUntil
from cgraph_kit.db import Repo

from .backend import Hit, Scope
from .resolving import SAVED_MOST, Resolved
from .scoping import Reader


class Sieve(msgspec.Struct, frozen=True):
    """What passes for one reader and one query."""

    reader: Reader
    read: dict[UUID, int] | None = None
    """How far they have read, where only what is read passes."""
    not_saved: Collection[UUID] = ()

    async def passed(self, db: Repo, hits: Sequence[Hit]) -> list[Hit]:
        """Those of these that do; one statement at most."""
        posts = {post for hit in hits if (post := _post(hit)) is not None}
        muted = await forums.find_muted(db, self.reader.forums, list(posts))
        return [hit for hit in hits if _post(hit) not in muted and self._passes(hit)]

    def _passes(self, hit: Hit) -> bool:
        if hit.kind == "post" and hit.id in self.not_saved:
            return False
        if self.read is None or hit.kind != "message" or hit.author_id == self.reader.id:
            return True
        return hit.seq is not None and hit.seq <= self.read.get(hit.container_id, 0)


def _post(hit: Hit) -> UUID | None:
    """What of a hit a muted title would be on: itself, or what a file hangs on, which may be a comment."""
    match hit.kind:
        case "post":
            return hit.id
        case "file" if hit.seq is None:
            return hit.item_id
    return None


async def sieve_for(db: Repo, reader: Reader, resolved: Resolved) -> Sieve | None:
    """None: the index knows everything there is to be asked."""
    kinds = resolved.wanted.kinds
    titled = kinds is None or not {"post", "file"}.isdisjoint(kinds)
    words = bool(reader.forums.muted_words) and titled
    if reader.actor is None or not (words or resolved.unsaved or resolved.unread is False):
        return None
    saved: Sequence[UUID] = ()
    if resolved.unsaved:
        saved = await forums.list_saved_ids(db, reader.actor, most=SAVED_MOST)
    marks = await list_marks(db, reader) if resolved.unread is False else None
    read = None if marks is None else {mark.place_id: mark.read_seq for mark in marks}
    return Sieve(reader, read, frozenset(saved))


async def list_marks(db: Repo, reader: Reader) -> list[ReadUntil]:
    """How far the reader has read in every place; two statements."""
    own = [ReadUntil(one.id, one.read_seq, one.last_seq) for one in reader.conversations]
    if reader.actor is None:
        return own
    places = await groups.list_readable_places(db, reader.actor, reader.groups)
    entered = [(place.id, place.entered_at) for place in places]
    return own + await messaging.list_read_until(db, reader.actor, entered)


async def unread_scope(db: Repo, reader: Reader, scope: Scope) -> Scope:
    """The part of a scope the reader has not read: in every place what comes after their mark."""
    marks = await list_marks(db, reader)
    joined = {one.id: one.joined_seq for one in reader.conversations}
    after = {
        mark.place_id: max(mark.read_seq, joined.get(mark.place_id, 0))
        for mark in marks
        if mark.last_seq > mark.read_seq
    }
    return msgspec.structs.replace(
        scope,
        communities=(),
        containers=after,
        excluded=(),
        forums=False,
        excluded_forums=(),
        people=False,
        seen=(),
    )

"""Names by their beginnings: of people somebody knows, and of places and forums they may see."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from cgraph import groups, messaging
from cgraph.accounts import Actor
from cgraph.searchable import Kind
from cgraph_kit.db import Repo

from .analysis_matching import is_run, match_of
from .analysis_pieces import pieces
from .backend import Match, Paging, SearchBackend, Wanted
from .folding import fold
from .hits import ChannelHit, ForumHit, GroupHit, SearchHit
from .query import Query, Term
from .scoping import Reader, get_reader
from .showing import show

_ASKED = 30
"""Places that are looked at: what only begins so in its description is no answer."""


class Name(msgspec.Struct, frozen=True):
    """What something is called in a search."""

    kind: Literal["person", "place", "forum"]
    text: str
    label: str


async def known_people(db: Repo, actor: Actor, begins: str, limit: int) -> list[Name]:
    """Those the actor shares conversations or groups with, the former first; nobody who is blocked, or has blocked them."""
    people = await messaging.find_acquainted(db, actor, begins, limit=limit)
    if len(people) < limit:
        people += await groups.find_fellow_members(db, actor, begins, limit=limit)
    found = {person.id: person for person in people}
    return [
        Name("person", person.username, person.display_name or person.username)
        for person in found.values()
    ]


async def visible_places(
    db: Repo,
    backend: SearchBackend,
    actor: Actor,
    begins: str,
    limit: int,
    *,
    forums_only: bool = False,
) -> list[Name]:
    """Conversations, groups, channels, threads and forums the actor may see now, by a word of their names."""
    reader = await get_reader(db, actor)
    kinds: Sequence[Kind] = ("forum",) if forums_only else ("channel", "group", "forum")
    wanted = Wanted(match=_beginning(begins), kinds=kinds)
    paging = Paging(limit=_ASKED, order="relevance", count=False)
    found = await backend.search(wanted, reader.scope(), paging)
    own = [] if forums_only else list(_conversations(reader, begins))
    shown = [name for _, hit in await show(db, reader, found.hits) for name in _names(hit)]
    return [*own, *(name for name in shown if _begins(name, begins))][:limit]


def _beginning(begins: str) -> Match | None:
    """Words of which the last one is half typed; None: any."""
    return match_of(Query(terms=(Term("prefix", begins),)))


def _conversations(reader: Reader, begins: str) -> Iterator[Name]:
    for one in reader.conversations:
        if one.name and fold(one.name).startswith(fold(begins)):
            yield Name("place", one.name, one.name)


def _names(hit: SearchHit) -> Iterator[Name]:
    match hit:
        case ChannelHit(channel=channel, thread=thread, group=group):
            name = channel.name if channel else thread.name if thread else ""
            yield Name("place", name, f"{name} ({group.name})")
        case GroupHit(group=found):
            yield Name("place", found.name, found.name)
        case ForumHit(forum=forum):
            yield Name("forum", forum.slug, forum.title)


def _begins(name: Name, begins: str) -> bool:
    """Whether a word of its name, or all of it, begins so; without spaces, whether it has it."""
    typed = fold(begins)
    if is_run(Term("prefix", begins)):
        return typed in fold(name.label)
    texts = (name.text, name.label, *(piece.text for piece in pieces(name.label)))
    return any(fold(text).startswith(typed) for text in texts)

"""Reading things as they are now, through the front doors of the contexts they belong to."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import get_args
from uuid import UUID

import msgspec

from cgraph import accounts, files, forums, groups, messaging
from cgraph.searchable import Kind, Reached, Scanned, Searchable
from cgraph_kit.db import Repo

from .document import Key, community_of, under

SCANNED: tuple[Kind, ...] = tuple(kind for kind in get_args(Kind) if kind != "file")
"""What there are scans of; files come with what they hang on."""


async def list_things(db: Repo, keys: Collection[Key]) -> list[Searchable]:
    """These as they are now, with the files that hang on them; what cannot be found any more is left out.

    One statement for each kind among them, and one for the files of each.
    """
    by_kind: dict[Kind, list[Key]] = defaultdict(list)
    for key in keys:
        by_kind[key.kind].append(key)
    things: list[Searchable] = []
    for kind, some in by_kind.items():
        things += await with_files(db, kind, await _list(db, kind, some))
    return things


async def scan_things(db: Repo, kind: Kind, after: Reached, limit: int) -> Scanned:
    """Some of all of a kind, with the files that hang on them."""
    scanned = await _scan(db, kind, after, limit)
    return Scanned(await with_files(db, kind, scanned.things), scanned.reached)


async def with_files(db: Repo, kind: Kind, things: Sequence[Searchable]) -> list[Searchable]:
    """Each with what its files make of it, and the files themselves."""
    if kind == "message":
        things = await groups.locate(db, things)
    if kind not in {"message", "post", "comment"}:
        return list(things)
    attached = await files.list_attached(db, kind, [thing.id for thing in things])
    found: list[Searchable] = []
    for thing in things:
        hanging = attached[thing.id]
        found += [_bearing(thing, hanging), *(_file(thing, one) for one in hanging)]
    return found


def _bearing(thing: Searchable, hanging: Sequence[files.Attachment]) -> Searchable:
    if not hanging:
        return thing
    sorts = sorted({sort_of(one.content_type) for one in hanging})
    return msgspec.structs.replace(thing, features=(*thing.features, "file", *sorts))


def _file(thing: Searchable, one: files.Attachment) -> Searchable:
    """Where and when it was put, by whoever put it there, and as it is shown there."""
    shown = {str(each["id"]): each for each in thing.attachments}.get(str(one.id), {})
    name, alt_text = shown.get("name", one.name), shown.get("alt_text", one.alt_text)
    features = ["file", sort_of(one.content_type), f"ext:{name.rpartition('.')[2].lower()}"]
    if thing.kind == "comment" and thing.item_id is not None:
        features.append(under(thing.item_id))
    return msgspec.structs.replace(
        thing,
        kind="file",
        id=one.id,
        community_id=community_of(thing),
        item_id=thing.id,
        title=name,
        text=alt_text or "",
        language=None,
        features=features,
    )


def sort_of(content_type: str) -> str:
    """What people call it: `image`, `video`, `audio`, or `document`."""
    sort = content_type.partition("/")[0]
    return sort if sort in {"image", "video", "audio"} else "document"


async def _list(db: Repo, kind: Kind, keys: Sequence[Key]) -> list[Searchable]:
    ids: list[UUID] = [key.id for key in keys]
    match kind:
        case "message":
            places = [(key.container_id, key.id) for key in keys if key.container_id is not None]
            return await messaging.list_searchable(db, places)
        case "user":
            return await accounts.list_searchable(db, ids)
        case "group" | "channel":
            return await groups.list_searchable(db, kind, ids)
        case "forum" | "post" | "comment":
            return await forums.list_searchable(db, kind, ids)
    return []


async def _scan(db: Repo, kind: Kind, after: Reached, limit: int) -> Scanned:
    match kind:
        case "message":
            return await messaging.scan_searchable(db, after, limit)
        case "user":
            return await accounts.scan_searchable(db, after, limit)
        case "group" | "channel":
            return await groups.scan_searchable(db, kind, after, limit)
        case "forum" | "post" | "comment":
            return await forums.scan_searchable(db, kind, after, limit)
    return Scanned([], None)

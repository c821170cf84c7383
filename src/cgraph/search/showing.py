"""From what an index found to what its reader is shown, through the reading functions of the contexts.

These check rights again: an index may be a moment old, and what it would give too much is left out here. A handful of
statements for a page, whatever is on it.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from uuid import UUID

import msgspec

from cgraph import accounts, files, forums, groups, messaging
from cgraph.accounts import FindProfiles
from cgraph.files import Attachment
from cgraph.groups import ChannelAccess
from cgraph.messaging import Spot
from cgraph.searchable import Kind
from cgraph_kit.db import Repo

from .backend import Hit
from .hits import (
    ChannelHit,
    CommentHit,
    FileHit,
    ForumHit,
    GroupHit,
    GroupName,
    MessageHit,
    Place,
    PostHit,
    PostName,
    SearchHit,
    UserHit,
)
from .scoping import Reader

MOST_PROFILES = 100

Shown = dict[Hit, SearchHit]


async def show(
    db: Repo, reader: Reader, hits: Sequence[Hit], *, each_way: int = 0
) -> list[tuple[Hit, SearchHit]]:
    """Those of these the reader may see now, in this order; messages with so many others before and after them."""
    shown: Shown = {}
    messages = _of(hits, "message") + [hit for hit in _of(hits, "file") if hit.seq is not None]
    if messages:
        shown |= await _messages(db, reader, messages, each_way)
    for kind, load in _LOADERS.items():
        if some := _of(hits, kind):
            shown |= await load(db, reader, some)
    if hanging := [hit for hit in _of(hits, "file") if hit.seq is None]:
        shown |= await _files_in_forums(db, reader, hanging)
    return [(hit, shown[hit]) for hit in hits if hit in shown]


def _of(hits: Sequence[Hit], kind: Kind) -> list[Hit]:
    return [hit for hit in hits if hit.kind == kind]


async def _messages(db: Repo, reader: Reader, hits: Sequence[Hit], each_way: int) -> Shown:
    """Messages, and files on messages."""
    if reader.actor is None:
        return {}
    spots = list({Spot(hit.container_id, hit.seq or 0) for hit in hits})
    accesses = await _accesses(db, reader, {spot.place_id for spot in spots})
    gated = [id for id, access in accesses.items() if access.reads_history]
    messages = await messaging.list_messages_at(db, reader.actor, spots, gated=gated)
    places = await _places(db, reader, {spot.place_id for spot in messages}, accesses)
    around = await messaging.list_neighbours(
        db,
        reader.actor,
        [spot for hit in hits if hit.kind == "message" and (spot := _spot(hit)) in messages],
        each_way=each_way,
        gated=gated,
        without=reader.blocks.by,
    )
    shown: Shown = {}
    for hit in hits:
        message, place = messages.get(_spot(hit)), places.get(hit.container_id)
        if message is None or place is None:
            continue
        if hit.kind == "file":
            if file := _attached(message.attachments, hit.id):
                shown[hit] = FileHit(file=file, message=message, place=place)
        elif message.id == hit.id:
            near = around.get(_spot(hit), messaging.Neighbours([], []))
            shown[hit] = MessageHit(
                message=message, place=place, before=near.before, after=near.after
            )
    return shown


def _spot(hit: Hit) -> Spot:
    return Spot(hit.container_id, hit.seq or 0)


def _attached(attachments: Sequence[Attachment], id: UUID) -> Attachment | None:
    return next((one for one in attachments if one.id == id), None)


async def _accesses(
    db: Repo, reader: Reader, place_ids: Collection[UUID]
) -> dict[UUID, ChannelAccess]:
    """The channels and threads among these, as far as the reader sees them."""
    own = {one.id for one in reader.conversations}
    if reader.id is None or not (gated := set(place_ids) - own):
        return {}
    found = await groups.list_accesses(db, [(id, reader.id) for id in gated])
    return {access.conversation_id: access for access in found.values()}


async def _places(
    db: Repo,
    reader: Reader,
    place_ids: Collection[UUID],
    accesses: Mapping[UUID, ChannelAccess],
) -> dict[UUID, Place]:
    own = [one for one in reader.conversations if one.id in place_ids]
    peers = [one.peer_id for one in own if one.peer_id is not None]
    people = await accounts.get_people(db, peers) if peers else {}
    found = {
        one.id: Place(
            "conversation",
            one.id,
            one.name,
            peer=people.get(one.peer_id) if one.peer_id is not None else None,
        )
        for one in own
    }
    seen = [access for id, access in accesses.items() if id in place_ids]
    names = await _group_names(db, reader, {access.group_id for access in seen})
    for access in seen:
        if access.group_id in names:
            found[access.conversation_id] = Place(
                "thread" if access.is_thread else "channel",
                access.conversation_id,
                access.name,
                names[access.group_id],
                access.channel_id if access.is_thread else None,
            )
    return found


async def _group_names(db: Repo, reader: Reader, ids: Collection[UUID]) -> dict[UUID, GroupName]:
    if reader.actor is None or not ids:
        return {}
    found = await groups.list_groups_by_ids(db, reader.actor, list(ids))
    return {id: GroupName(id, group.name) for id, group in found.items()}


async def _posts(db: Repo, reader: Reader, hits: Sequence[Hit]) -> Shown:
    posts = await forums.list_posts_by_ids(db, reader.actor, [hit.id for hit in hits])
    by_id = {
        post.id: post
        for post in posts
        if not (post.hidden or post.blocked or post.deleted_at or post.removed_at)
        and not reader.forums.is_muted(post.title)
    }
    return {hit: PostHit(post=by_id[hit.id]) for hit in hits if hit.id in by_id}


async def _comments(db: Repo, reader: Reader, hits: Sequence[Hit]) -> Shown:
    found = await forums.list_comments_by_ids(db, reader.actor, [hit.id for hit in hits])
    return {
        hit: CommentHit(
            comment=one.comment,
            post=PostName(one.comment.post_id, one.post_title),
            forum=one.forum,
        )
        for hit in hits
        if (one := found.get(hit.id)) is not None
        and not one.comment.blocked
        and one.comment.post_id not in reader.forums.hidden
    }


async def _files_in_forums(db: Repo, reader: Reader, hits: Sequence[Hit]) -> Shown:
    """Files on posts and comments: which of the two, nobody knows before both are asked."""
    things = {
        id: one
        for load in (_posts, _comments)
        for on, one in (await load(db, reader, [_on(hit) for hit in hits])).items()
        if (id := on.id)
    }
    shown: Shown = {}
    for kind in ("post", "comment"):
        of_kind = [id for id, one in things.items() if isinstance(one, PostHit) == (kind == "post")]
        attached = await files.list_attached(db, kind, of_kind) if of_kind else {}
        for hit in hits:
            if hit.item_id in of_kind and (
                file := _attached(attached.get(hit.item_id, ()), hit.id)
            ):
                shown[hit] = _file_hit(file, things[hit.item_id])
    return shown


def _on(hit: Hit) -> Hit:
    """What a file hangs on."""
    return msgspec.structs.replace(hit, id=hit.item_id or hit.id)


def _file_hit(file: Attachment, on: SearchHit) -> FileHit:
    match on:
        case PostHit(post=post):
            return FileHit(file=file, post=PostName(post.id, post.title), forum=post.forum)
        case CommentHit(comment=comment, post=name, forum=forum):
            return FileHit(file=file, post=name, comment_id=comment.id, forum=forum)
    raise TypeError(on)


async def _users(db: Repo, reader: Reader, hits: Sequence[Hit]) -> Shown:
    if reader.actor is None:
        return {}
    ids = ",".join(str(hit.id) for hit in hits[:MOST_PROFILES])
    found = await accounts.find_profiles(db, reader.actor, FindProfiles(ids=ids))
    by_id = {one.id: one for one in found.items if one.state == "active"}
    return {hit: UserHit(user=by_id[hit.id]) for hit in hits if hit.id in by_id}


async def _groups(db: Repo, reader: Reader, hits: Sequence[Hit]) -> Shown:
    if reader.actor is None:
        return {}
    found = await groups.list_groups_by_ids(db, reader.actor, [hit.id for hit in hits])
    return {hit: GroupHit(group=found[hit.id]) for hit in hits if hit.id in found}


async def _channels(db: Repo, reader: Reader, hits: Sequence[Hit]) -> Shown:
    if reader.actor is None:
        return {}
    ids = [hit.id for hit in hits]
    channels = await groups.list_channels_by_ids(db, reader.actor, ids)
    threads = await groups.list_threads_by_ids(db, reader.actor, sorted(set(ids) - set(channels)))
    group_of = {id: one.group_id for id, one in channels.items()}
    group_of |= {id: one.group_id for id, one in threads.items()}
    names = await _group_names(db, reader, set(group_of.values()))
    return {
        hit: ChannelHit(
            channel=channels.get(hit.id),
            thread=threads.get(hit.id),
            group=names[group_of[hit.id]],
        )
        for hit in hits
        if group_of.get(hit.id) in names
    }


async def _forums(db: Repo, reader: Reader, hits: Sequence[Hit]) -> Shown:
    found = await forums.list_readable_forums(db, reader.actor, [hit.id for hit in hits])
    by_id = {forum.id: forum for forum in found}
    return {hit: ForumHit(forum=by_id[hit.id]) for hit in hits if hit.id in by_id}


_LOADERS: Mapping[Kind, Callable[[Repo, Reader, Sequence[Hit]], Awaitable[Shown]]] = {
    "post": _posts,
    "comment": _comments,
    "user": _users,
    "group": _groups,
    "channel": _channels,
    "forum": _forums,
}

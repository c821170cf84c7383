"""Looking at what somebody reports, with their eyes: what they cannot see, they cannot report."""

from typing import assert_never
from uuid import UUID

from cgraph import accounts, files, forums, groups, messaging
from cgraph.accounts import Actor, Person
from cgraph.forums import Quoted
from cgraph.groups import ChannelAccess
from cgraph.messaging import Message
from cgraph_kit.db import Repo

from .limits import Limits
from .report import NewReport
from .snapshot import Evidence, Said, Snapshot


async def gather(db: Repo, actor: Actor, new: NewReport, limits: Limits) -> Evidence:
    """The thing as the actor sees it. Raises as looking at it does."""
    match new.kind:
        case "message":
            return await _message(db, actor, new.conversation_id or new.id, new.id, limits)
        case "user":
            return await _user(db, actor, new.id)
        case "post":
            return await _quoted(db, await forums.quote_post(db, actor, new.id))
        case "comment":
            above = limits.report_neighbours
            return await _quoted(
                db, await forums.quote_comment(db, actor, new.id, above=above), comment=True
            )
        case _:
            assert_never(new.kind)


async def _message(
    db: Repo, actor: Actor, conversation_id: UUID, message_id: UUID, limits: Limits
) -> Evidence:
    place = await _place(db, actor, conversation_id)
    page = await messaging.list_messages(
        db,
        actor,
        conversation_id,
        limit=2 * limits.report_neighbours + 1,
        around=str(message_id),
        gate=groups.CHANNELS if place else messaging.PARTICIPANTS,
    )
    message = next((one for one in page.items if one.id == message_id), None)
    if message is None or message.kind != "text" or message.deleted_at is not None:
        raise messaging.MessageNotFound
    around = [_said(one) for one in page.items if one.id != message_id]
    snapshot = Snapshot(_said(message), around)
    if place is None:
        return Evidence(message.sender_id, snapshot, container_id=conversation_id)
    return Evidence(
        message.sender_id, snapshot, "group", place.group_id, place.channel_id, conversation_id
    )


async def _place(db: Repo, actor: Actor, id: UUID) -> ChannelAccess | None:
    """The actor's place in a channel or thread; None: it is none, or not to them, and the conversation will tell."""
    try:
        return await groups.get_access(db, actor.id, id)
    except groups.ChannelNotFound:
        return None


def _said(message: Message) -> Said:
    return Said(
        message.id,
        message.sender,
        message.content,
        message.inserted_at,
        message.edited_at,
        attachments=message.attachments,
    )


async def _quoted(db: Repo, quoted: Quoted, *, comment: bool = False) -> Evidence:
    quotes = [*quoted.above, quoted.quote]
    people = await accounts.get_people(db, [one.author_id for one in quotes if one.author_id])
    *above, item = [
        Said(
            one.id,
            people.get(one.author_id) if one.author_id else None,
            one.content,
            one.inserted_at,
            one.edited_at,
            one.title,
            one.url,
            files.from_stored(one.attachments),
        )
        for one in quotes
    ]
    container_id = quoted.post_id if comment else None
    return Evidence(
        quoted.quote.author_id,
        Snapshot(item, above),
        "forum",
        quoted.forum_id,
        None,
        container_id,
    )


async def _user(db: Repo, actor: Actor, user_id: UUID) -> Evidence:
    profile = await accounts.get_profile(db, actor, user_id)
    person = Person(
        profile.id, profile.user_id, profile.username, profile.display_name, profile.avatar_url
    )
    shown = Said(
        profile.id,
        person,
        profile.status_text or "",
        profile.inserted_at,
        title=profile.display_name,
        url=profile.avatar_url,
    )
    return Evidence(profile.id, Snapshot(shown))

"""Looking at what somebody reports, with their eyes: what they cannot see, they cannot report."""

from typing import assert_never
from uuid import UUID

from cgraph import accounts, messaging
from cgraph.accounts import Actor, Person
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
        case "post" | "comment":
            raise messaging.MessageNotFound
        case _:
            assert_never(new.kind)


async def _message(
    db: Repo, actor: Actor, conversation_id: UUID, message_id: UUID, limits: Limits
) -> Evidence:
    page = await messaging.list_messages(
        db,
        actor,
        conversation_id,
        limit=2 * limits.report_neighbours + 1,
        around=str(message_id),
    )
    message = next((one for one in page.items if one.id == message_id), None)
    if message is None or message.kind != "text" or message.deleted_at is not None:
        raise messaging.MessageNotFound
    around = [_said(one) for one in page.items if one.id != message_id]
    return Evidence(
        message.sender_id, Snapshot(_said(message), around), container_id=conversation_id
    )


def _said(message: Message) -> Said:
    return Said(message.id, message.sender, message.content, message.inserted_at, message.edited_at)


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

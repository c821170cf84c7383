"""Who is in a group: coming, going, being shown out, and whose it is."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from cgraph import accounts, notifications
from cgraph.accounts import Actor, Person
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.paging import DEFAULT_LIMIT, Page, decode_cursor, forward_page
from cgraph_kit.validation import Input

from .access import Access, get_access, hold_group
from .conversation import Conversation, ConversationChange, check_name
from .disappearing import set_message_ttl
from .errors import NotOwner, ParticipantNotFound, TooManyParticipants
from .events import AccessLost
from .limits import DEFAULT_LIMITS, Limits
from .membership import check_addable, tell_added, tell_removed
from .overview import get_conversation
from .policy import can_manage
from .stored import say


class NewParticipants(Input, frozen=True):
    """Whom to bring in."""

    participant_ids: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=1000)]


class Participant(msgspec.Struct, frozen=True):
    """One of the people of a conversation."""

    id: UUID
    user_id: int
    username: str
    display_name: str | None
    avatar_url: str | None
    owner: bool
    joined_seq: int
    joined_at: datetime
    read_seq: int | None
    """How far they have read; None: not shown, by their choice or because the reader shows nobody either."""
    delivered_seq: int


async def list_participants(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    *,
    limit: int = DEFAULT_LIMIT,
    after: str | None = None,
) -> Page[Participant]:
    """The people of a conversation, the longest there first. Raises `ConversationNotFound`, `Invalid`."""
    seq, id = decode_cursor(after, tuple[int, UUID], "after") if after else (-1, UUID(int=0))
    rows = await db.all(Participant, _LIST, conversation_id, actor.id, limit + 1, seq, id)
    if not rows:
        await get_access(db, actor, conversation_id)
    return forward_page(rows, limit, lambda row: (row.joined_seq, row.id))


# Receipts are reciprocal, and a private mark shows nobody.
_LIST = """
SELECT u.id, u.user_id, u.username, u.display_name, u.avatar_url, c.owner_id IS NOT DISTINCT FROM u.id AND c.kind = 'group',
    o.joined_seq, o.inserted_at,
    CASE WHEN o.user_id = me.user_id THEN o.read_seq WHEN u.read_receipts AND mine.read_receipts THEN o.shown_read_seq END,
    greatest(o.delivered_seq, CASE WHEN u.read_receipts AND mine.read_receipts THEN o.shown_read_seq END)
FROM participants me
JOIN users mine ON mine.id = me.user_id
JOIN conversations c ON c.id = me.conversation_id
JOIN participants o ON o.conversation_id = me.conversation_id AND o.left_seq IS NULL
JOIN users u ON u.id = o.user_id
WHERE me.conversation_id = $1 AND me.user_id = $2 AND me.left_seq IS NULL AND NOT me.gated AND (o.joined_seq, o.user_id) > ($4, $5)
ORDER BY o.joined_seq, o.user_id LIMIT $3
"""


async def add_participants(
    db: Repo,
    actor: Actor,
    conversation_id: UUID,
    new: NewParticipants,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Conversation:
    """Bring people into a group; those who are there already stay as they are. Everybody in it may.

    They see what is said from now on. Raises `ConversationNotFound`, `NotAGroup`, `CannotAdd`, `TooManyParticipants`,
    `Invalid` for people who do not exist.
    """
    async with db.transaction() as tx:
        await hold_group(tx, actor, conversation_id)
        there = set(await tx.values(_THERE, conversation_id))
        added = [id for id in dict.fromkeys(new.participant_ids) if id not in there]
        if added:
            await check_addable(tx, actor, added)
            if len(there) + len(added) > limits.participants_max:
                raise TooManyParticipants(
                    f"a group has at most {limits.participants_max} participants"
                )
            await _add(tx, actor, conversation_id, added)
        return await get_conversation(tx, actor, conversation_id)


async def _add(tx: Transaction, actor: Actor, conversation_id: UUID, added: list[UUID]) -> None:
    # The stream is held from here on: nobody says anything between the place where they come in and the message of it.
    position = await tx.one(_Position, _HOLD_STREAM, conversation_id)
    await tx.value(_ADD, conversation_id, sorted(added), position.last_seq, position.counted)
    people = await accounts.get_people(tx, added)
    facts = [msgspec.to_builtins(people[id]) for id in added if id in people]
    await say(tx, actor, conversation_id, "added", {"participants": facts})
    await tell_added(tx, conversation_id, added)


class _Position(msgspec.Struct, frozen=True):
    last_seq: int
    counted: int


_THERE = "SELECT user_id FROM participants WHERE conversation_id = $1 AND left_seq IS NULL"
_HOLD_STREAM = "SELECT last_seq, counted FROM streams WHERE id = $1 FOR NO KEY UPDATE"
# Who comes back begins anew.
_ADD = """
INSERT INTO participants
    (conversation_id, user_id, joined_seq, read_seq, read_nth, shown_read_seq, delivered_seq)
SELECT $1, unnest($2::uuid[]), $3, $3, $4, $3, $3
ON CONFLICT (conversation_id, user_id) DO UPDATE SET
    joined_seq = excluded.joined_seq, left_seq = NULL, read_seq = excluded.read_seq, read_nth = excluded.read_nth,
    shown_read_seq = excluded.shown_read_seq, delivered_seq = excluded.delivered_seq, marked_unread = false, own_above = false,
    archived_seq = NULL, inserted_at = now()
WHERE participants.left_seq IS NOT NULL
"""


async def remove_participant(db: Repo, actor: Actor, conversation_id: UUID, user_id: UUID) -> None:
    """Show somebody out of a group, as its owner, or leave it oneself. At once they see and say nothing there.

    Raises `ConversationNotFound`, `NotAGroup`, `NotOwner`, `ParticipantNotFound`.
    """
    async with db.transaction() as tx:
        access = await hold_group(tx, actor, conversation_id)
        if user_id == actor.id:
            await _leave(tx, actor, access)
            return
        if not can_manage(actor.id, access.owner_id):
            raise NotOwner
        person = (await accounts.get_people(tx, [user_id])).get(user_id)
        if person is None:
            raise ParticipantNotFound
        await _go(tx, access, user_id)
        await say(tx, actor, conversation_id, "removed", {"participant": _facts(person)})
        await tell_removed(tx, conversation_id, [user_id])


async def leave_conversation(db: Repo, actor: Actor, conversation_id: UUID) -> None:
    """Go. An owner's group passes to whoever has been there longest. Raises `ConversationNotFound`, `NotAGroup`."""
    async with db.transaction() as tx:
        await _leave(tx, actor, await hold_group(tx, actor, conversation_id))


async def _leave(tx: Transaction, actor: Actor, access: Access) -> None:
    conversation_id = access.conversation_id
    await _go(tx, access, actor.id)
    await say(tx, actor, conversation_id, "left", {})
    if can_manage(actor.id, access.owner_id):
        heir: UUID | None = await tx.value(_HEIR, conversation_id)
        await tx.value(_SET_OWNER, conversation_id, heir)
        if heir is not None:
            await _tell_owner(tx, actor, conversation_id, heir)
    await tell_removed(tx, conversation_id, [actor.id])


async def _go(tx: Transaction, access: Access, user_id: UUID) -> None:
    """The row of participants first: see `sending`. Raises `ParticipantNotFound`."""
    gone = await tx.value(_GO, access.conversation_id, user_id)
    if gone is None:
        raise ParticipantNotFound
    await notifications.forget_scope(tx, access.conversation_id, [user_id])
    tx.publish(AccessLost(access.conversation_id, user_id))


_GO = """
WITH held AS (
    SELECT user_id FROM participants WHERE conversation_id = $1 AND user_id = $2 AND left_seq IS NULL FOR NO KEY UPDATE
)
UPDATE participants p SET left_seq = s.last_seq FROM streams s, held
WHERE s.id = $1 AND p.conversation_id = $1 AND p.user_id = held.user_id RETURNING true
"""
_HEIR = """
SELECT user_id FROM participants WHERE conversation_id = $1 AND left_seq IS NULL ORDER BY joined_seq, inserted_at, user_id
LIMIT 1
"""
_SET_OWNER = "UPDATE conversations SET owner_id = $2 WHERE id = $1"


async def update_conversation(
    db: Repo, actor: Actor, conversation_id: UUID, change: ConversationChange
) -> Conversation:
    """Rename a group, which everybody in it may, or hand it over, which its owner may; let messages disappear.

    What is as it was is not told. Raises `ConversationNotFound`, `NotAGroup`, `NotOwner`, `ParticipantNotFound`,
    `CannotSend` (for messages that disappear), `Invalid`.
    """
    async with db.transaction() as tx:
        if change.name is not UNSET or change.owner_id is not UNSET:
            access = await hold_group(tx, actor, conversation_id)
            if not isinstance(change.name, UnsetType):
                await _rename(tx, actor, conversation_id, change.name)
            if not isinstance(change.owner_id, UnsetType):
                await _transfer(tx, actor, access, change.owner_id)
        if not isinstance(change.message_ttl, UnsetType):
            await set_message_ttl(tx, actor, conversation_id, change.message_ttl)
        return await get_conversation(tx, actor, conversation_id)


async def _rename(tx: Transaction, actor: Actor, conversation_id: UUID, name: str | None) -> None:
    check_name(name)
    if await tx.value(_RENAME, conversation_id, name):
        await say(tx, actor, conversation_id, "renamed", {"name": name})


async def _transfer(tx: Transaction, actor: Actor, access: Access, owner_id: UUID) -> None:
    if not can_manage(actor.id, access.owner_id):
        raise NotOwner
    if owner_id == actor.id:
        return
    if not await tx.value(f"{_THERE} AND user_id = $2", access.conversation_id, owner_id):
        raise ParticipantNotFound
    await tx.value(_SET_OWNER, access.conversation_id, owner_id)
    await _tell_owner(tx, actor, access.conversation_id, owner_id)


async def _tell_owner(tx: Transaction, actor: Actor, conversation_id: UUID, owner: UUID) -> None:
    person = (await accounts.get_people(tx, [owner]))[owner]
    await say(tx, actor, conversation_id, "owner_changed", {"owner": _facts(person)})


def _facts(person: Person) -> dict[str, object]:
    facts: dict[str, object] = msgspec.to_builtins(person)
    return facts


_RENAME = """
UPDATE conversations SET name = $2 WHERE id = $1 AND name IS DISTINCT FROM $2 RETURNING true
"""

"""Beginning to talk: with one other person, with several, with oneself."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from cgraph import accounts
from cgraph.accounts import Actor
from cgraph_kit import streams
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id

from .conversation import Conversation, NewConversation, NewGroup, check_name
from .errors import CannotContact, TooManyParticipants
from .limits import DEFAULT_LIMITS, Limits
from .membership import check_addable, tell_added
from .overview import get_conversation


class Opened(msgspec.Struct, frozen=True):
    """A conversation, and whether it was made just now."""

    conversation: Conversation
    created: bool


async def open_conversation(
    db: Repo, actor: Actor, new: NewConversation, *, limits: Limits = DEFAULT_LIMITS
) -> Opened:
    """Whatever conversation these people make: direct and self are opened, a group is created each time.

    Raises as `open_direct` and `create_group`, and `Invalid` for a name of what is no group.
    """
    others = _others(actor, new.participant_ids)
    if len(others) > 1:
        group = NewGroup(others, new.name)
        return Opened(await create_group(db, actor, group, limits=limits), created=True)
    if new.name is not None:
        raise Invalid.field("name", "is for groups only")
    return await open_direct(db, actor, others[0] if others else actor.id)


async def open_direct(db: Repo, actor: Actor, other_id: UUID) -> Opened:
    """The one direct conversation with this person (oneself: notes to self), made if there is none yet.

    One that is there is opened even if it has become read-only. Raises `Invalid` for nobody, `CannotContact` where a
    block stands between the two.
    """
    async with db.transaction() as tx:
        found = await _find_pair(tx, actor.id, other_id)
        id = found or await _create_pair(tx, actor, other_id)
        if id is None:  # somebody was faster, and has committed by now
            found = id = await _find_pair(tx, actor.id, other_id)
        if id is None:
            raise LookupError("a pair that is taken, and cannot be found")
        return Opened(await get_conversation(tx, actor, id), created=found is None)


async def _find_pair(tx: Transaction, a: UUID, b: UUID) -> UUID | None:
    id: UUID | None = await tx.value(
        "SELECT id FROM conversations WHERE pair_low = $1 AND pair_high = $2 AND kind <> 'group'",
        *sorted((a, b)),
    )
    return id


async def _create_pair(tx: Transaction, actor: Actor, other_id: UUID) -> UUID | None:
    if other_id != actor.id:
        if other_id not in await accounts.list_active_ids(tx, [other_id]):
            raise Invalid.field("participant_ids", f"names nobody: {other_id}")
        if not await accounts.can_contact(tx, actor.id, other_id):
            raise CannotContact
    kind = "self" if other_id == actor.id else "direct"
    id = new_id()
    # Waits for whoever makes the same pair now; the stream is made only by the winner.
    made = await tx.value(_CREATE_PAIR, id, kind, *sorted((actor.id, other_id)))
    if made is None:
        return None
    people = [actor.id] if kind == "self" else [actor.id, other_id]
    peers = [None] if kind == "self" else [other_id, actor.id]
    await tx.value(_PARTICIPANTS, id, people, peers)
    await tell_added(tx, id, people)
    return id


async def create_group(
    db: Repo, actor: Actor, new: NewGroup, *, limits: Limits = DEFAULT_LIMITS
) -> Conversation:
    """A new group of the actor, who owns it, and these people.

    Raises `Invalid` for people who do not exist, `CannotAdd`, `TooManyParticipants`.
    """
    check_name(new.name)
    others = _others(actor, new.participant_ids)
    if len(others) + 1 > limits.participants_max:
        raise TooManyParticipants(f"a group has at most {limits.participants_max} participants")
    async with db.transaction() as tx:
        await check_addable(tx, actor, others)
        id = new_id()
        await streams.create(tx, id)
        await tx.value(_CREATE_GROUP, id, new.name, actor.id)
        people = [actor.id, *others]
        await tx.value(_PARTICIPANTS, id, people, [None] * len(people))
        await tell_added(tx, id, people)
        return await get_conversation(tx, actor, id)


def _others(actor: Actor, ids: Sequence[UUID]) -> list[UUID]:
    """Each once, in order, without the actor."""
    return [id for id in dict.fromkeys(ids) if id != actor.id]


# The key to the stream is checked when the statement ends, so both rows are made in one.
_CREATE_PAIR = """
WITH made AS (
    INSERT INTO conversations (id, kind, pair_low, pair_high) VALUES ($1, $2, $3, $4)
    ON CONFLICT (pair_low, pair_high) WHERE kind <> 'group' DO NOTHING RETURNING id
)
INSERT INTO streams (id) SELECT id FROM made RETURNING id
"""
_CREATE_GROUP = "INSERT INTO conversations (id, kind, name, owner_id) VALUES ($1, 'group', $2, $3)"
_PARTICIPANTS = """
INSERT INTO participants (conversation_id, user_id, peer_id) SELECT $1, * FROM unnest($2::uuid[], $3::uuid[])
"""

"""Coming into a group and going: what joining, leaving, being shown out and being banned share.

Whoever calls holds the group (`hold_group`), so that its members are counted by one at a time.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from cgraph import messaging, notifications
from cgraph.accounts import Actor
from cgraph_kit.db import Repo, Transaction

from .errors import OwnerCannotLeave, TooManyGroups
from .events import GroupJoined, GroupLeft, RightsChanged, tell_people
from .limits import Limits
from .member import Member
from .member_events import tell_joined, tell_left
from .standing import hold_group


async def check_room(db: Repo, user_id: UUID, limits: Limits) -> None:
    """Raise `TooManyGroups` for who is in as many as one may; about, for who joins several at the same time."""
    if await db.value(_COUNT, user_id) >= limits.groups_max:
        raise TooManyGroups(f"one person can be in {limits.groups_max} groups")


async def admit(
    tx: Transaction,
    group_id: UUID,
    user_id: UUID,
    *,
    role_ids: Sequence[UUID] = (),
    temporary: bool = False,
) -> Member:
    """Make somebody who is none a member, with those of these roles that there are; pending where there are rules."""
    await tx.value(_JOIN, group_id, user_id, temporary)
    await tx.value(_GIVE, group_id, user_id, list(role_ids))
    member = await tell_joined(tx, group_id, user_id)
    await tell_people(tx, GroupJoined, group_id, [user_id])
    return member


async def dismiss(tx: Transaction, group_id: UUID, user_ids: Collection[UUID]) -> list[UUID]:
    """Let members go, from channels and threads too, at once and on all devices. Returns who of these were members.

    What is theirs in the channels is locked first (see `messaging.silence_in_places`), then their membership, for which
    those wait who tell them of something (see `hold_seers`), and their own streams at last.
    """
    places = await list_touched_places(tx, group_id, user_ids)
    await messaging.silence_in_places(tx, user_ids, places)
    gone = sorted(await tx.values(_GO, group_id, list(user_ids)))
    if not gone:
        return []
    await tx.value(_UNFOLLOW, places, gone)
    for user_id in gone:
        await tell_left(tx, group_id, user_id)
    for user_id in gone:
        await messaging.leave_places(tx, user_id, places)
        await notifications.leave_places(tx, user_id, [group_id])
        await tell_people(tx, GroupLeft, group_id, [user_id])
    tx.publish(RightsChanged(group_id, gone))
    return gone


async def leave_group(db: Repo, actor: Actor, group_id: UUID) -> None:
    """Go. Raises `GroupNotFound`, and `OwnerCannotLeave`: a group is never without one."""
    async with db.transaction() as tx:
        standing = await hold_group(tx, actor, group_id)
        if standing.member.owner:
            raise OwnerCannotLeave
        await dismiss(tx, group_id, [actor.id])


async def list_places(db: Repo, group_id: UUID) -> list[UUID]:
    """The channels and threads of a group: wherever something is said in it."""
    return await db.values(_PLACES, group_id)


async def list_touched_places(db: Repo, group_id: UUID, user_ids: Collection[UUID]) -> list[UUID]:
    """Wherever in a group these people may have left something: its channels and open threads, and what else they have
    looked into, follow, were told of or set something for; however many threads were ever archived there.
    """
    entered = await messaging.list_entered(db, user_ids)
    told = await notifications.list_told_places(db, user_ids)
    return await db.values(_TOUCHED, group_id, [*{*entered, *told}], list(user_ids))


_COUNT = "SELECT count(*) FROM group_members WHERE user_id = $1"
_JOIN = """
WITH joined AS (
    INSERT INTO group_members (group_id, user_id, temporary, pending)
    SELECT id, $2, $3, rules <> '{}' FROM groups WHERE id = $1 RETURNING group_id
)
UPDATE groups g SET member_count = member_count + 1 FROM joined WHERE g.id = joined.group_id
"""
_GIVE = """
INSERT INTO group_member_roles (group_id, user_id, role_id)
SELECT r.group_id, $2, r.id FROM group_roles r WHERE r.group_id = $1 AND r.id = ANY($3) AND r.id <> $1
"""
_GO = """
WITH held AS MATERIALIZED (
    SELECT user_id FROM group_members WHERE group_id = $1 AND user_id = ANY($2) ORDER BY user_id FOR UPDATE
), gone AS (
    DELETE FROM group_members m USING held h WHERE m.group_id = $1 AND m.user_id = h.user_id RETURNING m.user_id
), counted AS (
    UPDATE groups SET member_count = member_count - (SELECT count(*) FROM gone) WHERE id = $1
)
SELECT user_id FROM gone
"""
_PLACES = """
SELECT id FROM group_channels WHERE group_id = $1 AND kind <> 'category'
UNION ALL SELECT id FROM group_threads WHERE group_id = $1
"""
_TOUCHED = """
SELECT id FROM group_channels WHERE group_id = $1 AND kind <> 'category'
UNION SELECT id FROM group_threads WHERE group_id = $1 AND archived_at IS NULL
UNION SELECT id FROM group_threads WHERE id = ANY($2) AND group_id = $1
UNION SELECT t.id FROM group_thread_members f JOIN group_threads t ON t.id = f.thread_id
WHERE f.user_id = ANY($3) AND t.group_id = $1
"""
_UNFOLLOW = "DELETE FROM group_thread_members WHERE thread_id = ANY($1) AND user_id = ANY($2)"

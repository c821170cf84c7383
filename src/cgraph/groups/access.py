"""What a member may do where things are said: in a channel, or in a thread with its channel's rights."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from cgraph import notifications
from cgraph.messaging import Access
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from . import permissions
from .errors import ChannelArchived, ChannelNotFound, MissingPermission, ThreadLocked
from .permissions import MemberFacts, Permission
from .standing import MEMBER_FACTS, MEMBERS, OVERWRITES, FactsRow, overwrites_of


class ChannelAccess(Access, frozen=True, kw_only=True):
    """A member's place in a channel or thread they can see."""

    member: MemberFacts
    permissions: int
    """What they may there; in a thread SEND_MESSAGES is what SEND_MESSAGES_IN_THREADS is in its channel."""
    channel_id: UUID
    """Of a thread: that of its channel."""
    channel_archived: bool
    private: bool = False
    """A thread for who was brought into it."""
    thread_archived: bool = False
    locked: bool = False
    follows: bool = False
    """They follow the thread."""
    name: str = ""
    group_size: int = 0
    """Members of the group."""
    default_level: notifications.Level = "replies"
    """What reaches members of the group who have set nothing themselves."""

    @property
    def group_id(self) -> UUID:
        return self.member.group_id

    @property
    def is_thread(self) -> bool:
        return self.kind == "thread"

    @property
    def reads_history(self) -> bool:
        return self.may(Permission.READ_MESSAGE_HISTORY)

    def may(self, permission: Permission) -> bool:
        """Whether they hold a bit there."""
        return bool(self.permissions & permission)

    def demand(self, permission: Permission) -> None:
        """Raise `MissingPermission` where they do not."""
        if not self.may(permission):
            raise MissingPermission.of(permission)

    def check_speaking(self) -> None:
        """Raises `MissingPermission`, `ChannelArchived`, `ThreadLocked`."""
        if not self.may(Permission.SEND_MESSAGES):
            in_thread, in_channel = Permission.SEND_MESSAGES_IN_THREADS, Permission.SEND_MESSAGES
            raise MissingPermission.of(in_thread if self.is_thread else in_channel)
        self.check_open()

    def check_attaching(self, *, voice: bool = False) -> None:
        """Raises `MissingPermission`."""
        self.demand(Permission.SEND_VOICE_MESSAGES if voice else Permission.ATTACH_FILES)

    @property
    def embeds_links(self) -> bool:
        return self.may(Permission.EMBED_LINKS)

    def check_open(self) -> None:
        """Raise `ChannelArchived` or `ThreadLocked` where things can only be read."""
        if self.channel_archived:
            raise ChannelArchived
        if self.locked and not self.may(Permission.MANAGE_THREADS):
            raise ThreadLocked

    def check_reacting(self) -> None:
        """Who cannot read back what is there has nothing to react to. Raises as `check_speaking`."""
        self.demand(Permission.READ_MESSAGE_HISTORY)
        self.demand(Permission.ADD_REACTIONS)
        self.check_open()

    def check_pinning(self) -> None:
        """Who pins is shown what is pinned, and so reads back. Raises as `check_speaking`."""
        self.demand(Permission.READ_MESSAGE_HISTORY)
        self.demand(Permission.PIN_MESSAGES)
        self.check_open()

    def check_managing(self, actor_id: UUID) -> None:  # noqa: ARG002 (it is the same whoever they are)
        """Raises `MissingPermission`."""
        self.demand(Permission.MANAGE_MESSAGES)

    def deletes(self, actor_id: UUID, sender_id: UUID | None) -> bool:
        return actor_id == sender_id or self.may(Permission.MANAGE_MESSAGES)

    def sees_edits(self, actor_id: UUID, sender_id: UUID | None) -> bool:
        return self.deletes(actor_id, sender_id)


class _Row(FactsRow, frozen=True):
    joined_at: datetime
    place_id: UUID
    channel_id: UUID
    channel_name: str
    slow_mode: int
    channel_archived: bool
    group_size: int
    default_level: notifications.Level
    overwrites: list[dict[str, Any]] | None
    thread_id: UUID | None
    thread_name: str | None
    private: bool | None
    thread_archived: bool
    locked: bool | None
    thread_slow_mode: int | None
    follows: bool

    def access(self, now: datetime) -> ChannelAccess | None:
        """None: to them there is no such place."""
        member = self.facts(now)
        thread = self.thread_id is not None
        bits = permissions.in_channel(member, overwrites_of(self.overwrites), thread=thread)
        hidden = self.private and not self.follows and not bits & Permission.MANAGE_THREADS
        if hidden or not bits & Permission.VIEW_CHANNEL:
            return None
        slow = (self.thread_slow_mode or 0) if thread else self.slow_mode
        return ChannelAccess(
            self.place_id,
            "thread" if thread else "channel",
            None,
            0,
            closed=False,
            slow_mode=0 if bits & Permission.BYPASS_SLOWMODE else slow,
            entered_at=self.joined_at,
            audiences=[member.group_id, *(role.id for role in member.roles)],
            member=member,
            permissions=bits,
            channel_id=self.channel_id,
            channel_archived=self.channel_archived,
            private=bool(self.private),
            thread_archived=self.thread_archived,
            locked=bool(self.locked),
            follows=self.follows,
            name=self.thread_name or self.channel_name,
            group_size=self.group_size,
            default_level=self.default_level,
        )


async def get_access(db: Repo, user_id: UUID, place_id: UUID) -> ChannelAccess:
    """A person's place in a channel or thread; one statement. Raises `ChannelNotFound` for who may not see it."""
    row = await db.first(_Row, GET, place_id, user_id)
    access = row.access(clock.now()) if row else None
    if access is None:
        raise ChannelNotFound
    return access


async def list_accesses(
    db: Repo, asked: Iterable[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], ChannelAccess]:
    """By place and person the access of those who have any; one statement for all."""
    pairs = list(dict.fromkeys(asked))
    if not pairs:
        return {}
    rows = await db.all(_Row, _LIST, [place for place, _ in pairs], [user for _, user in pairs])
    now = clock.now()
    found = ((row.place_id, row.user_id, row.access(now)) for row in rows)
    return {(place, user): access for place, user, access in found if access is not None}


async def list_seers(db: Repo, place_id: UUID, user_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these people who can see a channel or thread."""
    found = await list_accesses(db, [(place_id, user_id) for user_id in user_ids])
    return {user_id for _, user_id in found}


async def hold_seers(tx: Transaction, place_id: UUID, user_ids: Sequence[UUID]) -> set[UUID]:
    """As `list_seers`, and none of them leaves the group before this transaction ends: what they are told meanwhile
    is there to be taken from them then.
    """
    await tx.value(_HOLD_MEMBERS, place_id, list(user_ids))
    return await list_seers(tx, place_id, user_ids)


_HOLD_MEMBERS = """
SELECT 1 FROM group_members m
WHERE m.user_id = ANY($2) AND m.group_id = coalesce(
    (SELECT group_id FROM group_channels WHERE id = $1), (SELECT group_id FROM group_threads WHERE id = $1)
) ORDER BY m.user_id FOR KEY SHARE OF m
"""


_COLUMNS = """
m.joined_at, {place}, c.id, c.name, c.slow_mode, c.archived_at IS NOT NULL, g.member_count, g.default_level, {overwrites},
    t.id, t.name, t.private, t.archived_at IS NOT NULL, t.locked, t.slow_mode, f.user_id IS NOT NULL
"""
_THREAD = "LEFT JOIN group_thread_members f ON f.thread_id = t.id AND f.user_id = m.user_id"
GET = f"""
SELECT {MEMBER_FACTS}, {_COLUMNS.format(place="$1::uuid", overwrites=OVERWRITES)}
{MEMBERS} JOIN group_channels c ON c.group_id = m.group_id LEFT JOIN group_threads t ON t.id = $1 {_THREAD}
WHERE c.id = coalesce((SELECT channel_id FROM group_threads WHERE id = $1), $1) AND m.user_id = $2 AND c.kind <> 'category'
"""
_LIST = f"""
WITH asked AS MATERIALIZED (
    SELECT a.place_id, a.user_id, coalesce(t.channel_id, a.place_id) AS channel_id
    FROM unnest($1::uuid[], $2::uuid[]) AS a (place_id, user_id) LEFT JOIN group_threads t ON t.id = a.place_id
)
SELECT {MEMBER_FACTS}, {_COLUMNS.format(place="a.place_id", overwrites=OVERWRITES)}
{MEMBERS} JOIN group_channels c ON c.group_id = m.group_id JOIN asked a ON a.channel_id = c.id AND a.user_id = m.user_id
LEFT JOIN group_threads t ON t.id = a.place_id {_THREAD}
WHERE c.kind <> 'category'
"""

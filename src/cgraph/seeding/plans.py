"""What a made-up group looks like: its roles, channels and who is in it. No I/O."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from cgraph.groups import (
    ImportedChannel,
    ImportedGroup,
    ImportedMember,
    ImportedOverwrite,
    ImportedRole,
    Permission,
)

from . import names
from .dice import Crowd, Dice
from .languages import Language
from .texts import speak
from .world import World

P = Permission
MODERATING = int(
    P.KICK_MEMBERS
    | P.BAN_MEMBERS
    | P.VIEW_AUDIT_LOG
    | P.MANAGE_MESSAGES
    | P.MENTION_EVERYONE
    | P.MANAGE_THREADS
    | P.MODERATE_MEMBERS
    | P.PIN_MESSAGES
)
_OPEN = (
    "general", "introductions", "questions", "show-and-tell", "meetups", "tools", "photos", "off-topic", "beginners",
    "market", "reading", "music", "weather", "help", "projects",
)  # fmt: skip
_STAFF_MAX = 12
_NICKNAMED = 0.1
_TIMED_OUT = 0.004
_SPEAKERS = 3_000
"""Members who say anything at all, at most."""


class Channel(msgspec.Struct, frozen=True):
    """A channel, and who speaks in it."""

    channel: ImportedChannel
    speakers: Crowd
    official: bool = False
    """For what all shall hear: whoever speaks may call everybody."""


class Plan(msgspec.Struct, frozen=True):
    """A group as it is to be made."""

    group: ImportedGroup
    language: Language
    people: Sequence[int]
    """Its members, the owner first, then who looks after it."""
    members: Sequence[ImportedMember]
    categories: Sequence[ImportedChannel]
    channels: Sequence[Channel]


class Planner:
    """Thinks groups up, one after the other."""

    def __init__(self, world: World, dice: Dice) -> None:
        self._dice = dice
        self._calendar = world.calendar
        self._cast = world.cast
        self._writer = world.writer

    def plan(self, size: int, channels: int, *, demo: bool) -> Plan:
        """A group of so many people and about so many channels. `demo`: whether the demo account is in it."""
        dice = self._dice
        at = self._calendar.start + timedelta(seconds=dice.randint(0, 60 * 86_400))
        language = speak(dice)
        people = self._people(size, demo=demo)
        staff = people[: 1 + min(max(size // 12, 1), _STAFF_MAX)]
        group = self._group(at, language, people[0])
        categories, found = self._places(group, at, people, staff, channels)
        return Plan(
            group=group,
            language=language,
            people=people,
            members=self._members(group, at, people, staff),
            categories=categories,
            channels=found,
        )

    def _people(self, size: int, *, demo: bool) -> list[int]:
        people = self._dice.some(range(1, len(self._cast)), size)
        return [*people[:1], 0, *people[1:]] if demo else people

    def _group(self, at: datetime, language: Language, owner: int) -> ImportedGroup:
        dice = self._dice
        roles = [
            ImportedRole(dice.id(at), "Helpers", 1, 0, 0x3BA55D, hoist=True, mentionable=True),
            ImportedRole(dice.id(at), "Moderators", 2, MODERATING, 0x5865F2, hoist=True),
        ]
        return ImportedGroup(
            id=dice.id(at),
            name=names.group(dice),
            owner_id=self._cast.ids[owner],
            inserted_at=at,
            description=self._writer.about(dice, language),
            roles=roles,
        )

    def _members(
        self, group: ImportedGroup, at: datetime, people: Sequence[int], staff: Sequence[int]
    ) -> list[ImportedMember]:
        dice = self._dice
        helpers, moderators = (role.id for role in group.roles)
        looking_after = set(staff[1:])
        end = self._calendar.until
        found = []
        for person in people:
            roles = [moderators] if person in looking_after else []
            if dice.chance(0.03):
                roles.append(helpers)
            found.append(
                ImportedMember(
                    user_id=self._cast.ids[person],
                    joined_at=at + (end - at) * dice.random() ** 1.5,
                    nickname=f"{names.person(dice)[1]}"[:32] if dice.chance(_NICKNAMED) else None,
                    role_ids=roles,
                    timed_out_until=end + timedelta(days=7) if dice.chance(_TIMED_OUT) else None,
                )
            )
        return found

    def _places(
        self,
        group: ImportedGroup,
        at: datetime,
        people: Sequence[int],
        staff: Sequence[int],
        count: int,
    ) -> tuple[list[ImportedChannel], list[Channel]]:
        welcome, talk, inside = (
            self._category(name, n, at, overwrites)
            for n, (name, overwrites) in enumerate(
                [
                    ("Welcome", [_deny(group.id, P.SEND_MESSAGES), _allow(group, P.SEND_MESSAGES)]),
                    ("Talk", []),
                    ("Staff", [_deny(group.id, P.VIEW_CHANNEL), _allow(group, P.VIEW_CHANNEL)]),
                ]
            )
        )
        everybody = Crowd(people[:_SPEAKERS])
        few = Crowd(staff)
        channels = [
            Channel(self._channel("announcements", 0, welcome, at), few, official=True),
            *(
                Channel(self._channel(_named(n), n + 1, talk, at), everybody)
                for n in range(max(count - 2, 1))
            ),
            Channel(self._channel("staff-room", count + 1, inside, at), few),
        ]
        return [welcome, talk, inside], channels

    def _category(
        self, name: str, position: int, at: datetime, overwrites: Sequence[ImportedOverwrite]
    ) -> ImportedChannel:
        return ImportedChannel(
            self._dice.id(at), "category", name, position, at, overwrites=overwrites
        )

    def _channel(
        self, name: str, position: int, category: ImportedChannel, at: datetime
    ) -> ImportedChannel:
        dice = self._dice
        return ImportedChannel(
            id=dice.id(at),
            kind="announcement" if name == "announcements" else "text",
            name=name,
            position=position,
            inserted_at=at,
            category_id=category.id,
            synced=True,
            slow_mode=10 if dice.chance(0.05) else 0,
            overwrites=category.overwrites,
        )


def _named(n: int) -> str:
    name = _OPEN[n % len(_OPEN)]
    return name if n < len(_OPEN) else f"{name}-{n // len(_OPEN) + 1}"


def _deny(id: UUID, bits: int) -> ImportedOverwrite:
    return ImportedOverwrite(id, 0, int(bits), "role")


def _allow(group: ImportedGroup, bits: int) -> ImportedOverwrite:
    return ImportedOverwrite(group.roles[-1].id, int(bits), 0, "role")

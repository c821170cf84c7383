"""The groups of an import: their channels, and who is in them."""

from collections.abc import Sequence
from uuid import UUID

from cgraph import groups
from cgraph.groups import (
    ImportedChannel,
    ImportedGroup,
    ImportedMember,
    ImportedOverwrite,
    ImportedRole,
    Permission,
)
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction

from . import ids
from .people import People
from .records import Channel, Group, Member
from .report import Report
from .texts import cut

NAME_MAX = 100
ABOUT_MAX = 1000
TOPIC_MAX = 1024
NICKNAME_MAX = 32
ALL = (1 << 53) - 1
"""Bits a role can have."""


class Communities:
    """Which of our groups and channels each of theirs is. `add`: accounts that are let into every group."""

    def __init__(self, report: Report, people: People, add: Sequence[UUID], batch: int) -> None:
        self._report = report
        self._people = people
        self._add = tuple(add)
        self._batch = batch
        self._groups: set[UUID] = set()
        self._channels: dict[UUID, UUID] = {}
        """Their groups, by channel."""
        self._categories: set[UUID] = set()
        self._positions = 0
        self._members: list[tuple[str, Member]] = []

    async def make(self, db: Repo, where: str, group: Group) -> None:
        """Make a group unless it is there; its owner and those who are added to all are in it."""
        await self._people.settle(db)
        await self._people.look_up(db, [group.owner])
        id = self._id("group", group.id)
        owner = self._people.get(group.owner) or next(iter(self._add), None)
        if await groups.find_group_ids(db, [id]):
            self._report.known["groups"] += 1
        elif owner is None:
            self._report.lost(where, "its owner is not in the export", group.owner)
            return
        else:
            self._report.taken["groups"] += 1
            if not self._report.dry_run:
                async with db.transaction() as tx:
                    await groups.import_group(tx, self._group(group, id, owner))
                    await self._let_in(tx, id, [ImportedMember(owner, clock.now())])
        self._groups.add(id)
        if not self._report.dry_run:
            async with db.transaction() as tx:
                await self._let_in(tx, id, [ImportedMember(one, clock.now()) for one in self._add])

    async def join(self, db: Repo, where: str, member: Member) -> None:
        """Let somebody into a group, with many others."""
        self._members.append((where, member))
        if len(self._members) >= self._batch:
            await self.write(db)

    async def open(self, db: Repo, where: str, channel: Channel) -> None:
        """Make a channel unless it is there; who sees it is added to."""
        await self.write(db)
        await self._people.settle(db)
        await self._people.look_up(db, channel.members or ())
        id, group_id = self._id("channel", channel.id), self._id("group", channel.group)
        if await ids.find(db, self._report.source, "conversation", [channel.id]):
            reason = "a channel that has come as a conversation before stays one"
            self._report.changed(where, reason, channel.id)
            return
        if not await self._knows(db, group_id):
            self._report.lost(where, "its group is not in the export", channel.group)
            return
        there = await groups.find_channel(db, id) is not None
        self._channels[id] = group_id
        if channel.type == "category":
            self._categories.add(id)
        counts = self._report.known if there else self._report.taken
        counts["channels"] += channel.type != "category"
        if self._report.dry_run:
            return
        async with db.transaction() as tx:
            if there:
                await groups.import_overwrites(tx, id, self._overwrites(where, channel, group_id))
            else:
                await self._open(tx, where, channel, id, group_id)

    async def write(self, db: Repo) -> None:
        """Whoever waits to be let in."""
        members, self._members = self._members, []
        if not members:
            return
        await self._people.settle(db)
        await self._people.look_up(db, {one.user for _, one in members})
        known = await self._roles(db, members)
        joining: dict[UUID, dict[UUID, ImportedMember]] = {}
        for where, member in members:
            group_id, who = self._id("group", member.group), self._people.get(member.user)
            if not await self._knows(db, group_id):
                self._report.lost(where, "its group is not in the export", member.group)
            elif who is None:
                self._report.lost(where, "a member nobody knows", member.user)
            else:
                made = self._member(member, who, known)
                joining.setdefault(group_id, {})[who] = made
        if self._report.dry_run:
            self._report.taken["members"] += sum(map(len, joining.values()))
            return
        async with db.transaction() as tx:
            for group_id, people in joining.items():
                new = await self._let_in(tx, group_id, list(people.values()))
                self._report.taken["members"] += new
                self._report.known["members"] += len(people) - new

    async def find(self, db: Repo, external: str) -> tuple[UUID, UUID] | None:
        """A channel and its group; None: there is none."""
        id = self._id("channel", external)
        if id not in self._channels:
            found = await groups.find_channel(db, id)
            if found is None or found.kind == "category":
                return None
            self._channels[id] = found.group_id
        return None if id in self._categories else (id, self._channels[id])

    async def _knows(self, db: Repo, group_id: UUID) -> bool:
        if group_id not in self._groups:
            self._groups |= await groups.find_group_ids(db, [group_id])
        return group_id in self._groups

    async def _roles(self, db: Repo, members: Sequence[tuple[str, Member]]) -> set[UUID]:
        named = {self._role(one.group, role) for _, one in members for role in one.roles}
        return await groups.find_role_ids(db, list(named))

    async def _let_in(
        self, tx: Transaction, group_id: UUID, members: Sequence[ImportedMember]
    ) -> int:
        return await groups.import_members(tx, group_id, members)

    async def _open(
        self, tx: Transaction, where: str, channel: Channel, id: UUID, group_id: UUID
    ) -> None:
        self._positions += 1
        now = clock.now()
        category = self._id("channel", channel.category) if channel.category else None
        made = ImportedChannel(
            id=id,
            kind=channel.type,
            name=cut(channel.name, NAME_MAX) or channel.id[:NAME_MAX],
            position=self._positions,
            inserted_at=min(channel.inserted_at or now, now),
            category_id=category if category in self._channels else None,
            topic=cut(channel.topic or "", TOPIC_MAX) or None,
            archived_at=channel.archived_at,
            overwrites=self._overwrites(where, channel, group_id),
        )
        await groups.import_channels(tx, group_id, [made])

    def _overwrites(self, where: str, channel: Channel, group_id: UUID) -> list[ImportedOverwrite]:
        """Only those who were in a private channel see it."""
        if channel.members is None:
            return []
        see = int(Permission.VIEW_CHANNEL)
        found = [ImportedOverwrite(group_id, 0, see, "role")]
        for external in dict.fromkeys(channel.members):
            who = self._people.get(external)
            if who is None:
                detail = f"{external} in {channel.id}"
                self._report.changed(where, "a participant nobody knows", detail)
            else:
                found.append(ImportedOverwrite(who, see, 0, "member"))
        found += [ImportedOverwrite(one, see, 0, "member") for one in self._add]
        return list({one.target_id: one for one in found}.values())

    def _group(self, group: Group, id: UUID, owner: UUID) -> ImportedGroup:
        now = clock.now()
        roles = [
            ImportedRole(
                self._role(group.id, role.id),
                cut(role.name, NAME_MAX) or "role",
                position,
                int(role.permissions) & ALL,
                role.color,
                mentionable=role.mentionable,
            )
            for position, role in enumerate(group.roles, 1)
        ]
        return ImportedGroup(
            id=id,
            name=cut(group.name, NAME_MAX) or "group",
            owner_id=owner,
            inserted_at=min(group.inserted_at or now, now),
            description=cut(group.description or "", ABOUT_MAX) or None,
            roles=roles,
        )

    def _member(self, member: Member, who: UUID, known: set[UUID]) -> ImportedMember:
        now = clock.now()
        roles = [self._role(member.group, role) for role in dict.fromkeys(member.roles)]
        return ImportedMember(
            user_id=who,
            joined_at=min(member.joined_at or now, now),
            nickname=cut(member.nickname or "", NICKNAME_MAX) or None,
            role_ids=[id for id in roles if id in known],
        )

    def _id(self, kind: ids.Thing, external: str) -> UUID:
        return ids.thing_id(self._report.source, kind, external)

    def _role(self, group: str, external: str) -> UUID:
        return ids.thing_id(self._report.source, "role", group, external)

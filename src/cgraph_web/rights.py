"""Open topics of groups follow people's rights: who may no longer see a place hears nothing of it, on every node."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from cgraph import groups
from cgraph.groups import RightsChanged
from cgraph_kit.channels.endpoint import Endpoint
from cgraph_kit.db import Repo
from cgraph_kit.pubsub import PubSub

from .rechecking import Rechecking

GROUP, CHANNEL, THREAD = "group:", "channel:", "thread:"


class Rights(Rechecking[RightsChanged]):
    """Of groups, channels and threads."""

    change = RightsChanged

    def __init__(self, endpoint: Endpoint, db: Repo, bus: PubSub) -> None:
        super().__init__(endpoint, db, bus)
        self._groups: dict[UUID, UUID] = {}
        """Of the open channels and threads."""

    def key(self, change: RightsChanged) -> UUID:
        return change.group_id

    def both(self, one: RightsChanged, other: RightsChanged) -> RightsChanged:
        return RightsChanged(
            one.group_id,
            _union(one.user_ids, other.user_ids),
            _union(one.channel_ids, other.channel_ids),
        )

    async def everything(self) -> Iterable[RightsChanged]:
        await self._learn(self.open(CHANNEL, THREAD))
        return [RightsChanged(id) for id in {*self.open(GROUP), *self._groups.values()}]

    async def look(self, change: RightsChanged) -> None:
        people = None if change.user_ids is None else set(change.user_ids)
        pairs = {
            (place_id, user_id): topic
            for place_id, topic in await self._concerned(change)
            for user_id in self.on(topic)
            if people is None or user_id in people
        }
        for pair in await groups.find_shut_out(self._db, change.group_id, pairs.keys()):
            self.shut_out(pair[1], pairs[pair])

    async def _concerned(self, change: RightsChanged) -> list[tuple[UUID, str]]:
        """The topics of this node that may be."""
        topics = self.open(CHANNEL, THREAD)
        self._groups = {id: of for id, of in self._groups.items() if id in topics}
        if change.channel_ids is not None:
            told = set(change.channel_ids)
            topics = {id: t for id, t in topics.items() if id in told or t.startswith(THREAD)}
        await self._learn(topics)
        ours = change.group_id  # what is no longer there is in no group
        found = [(id, t) for id, t in topics.items() if self._groups.get(id, ours) == ours]
        if change.channel_ids is None:
            found.append((ours, f"{GROUP}{ours}"))
        return found

    async def _learn(self, place_ids: Iterable[UUID]) -> None:
        """Know the groups of these channels and threads."""
        if unknown := set(place_ids) - self._groups.keys():
            self._groups |= await groups.map_places(self._db, unknown)


def _union(one: Sequence[UUID] | None, other: Sequence[UUID] | None) -> Sequence[UUID] | None:
    return None if one is None or other is None else list({*one, *other})

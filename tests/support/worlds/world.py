"""A world, and who and what is in it."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import Literal, get_args
from uuid import UUID

import msgspec

from cgraph.accounts import Actor
from cgraph.files import NewAttachment
from cgraph.groups import CHANNELS
from cgraph.messaging import PARTICIPANTS, Gate
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Error
from support.attached import with_file

WORDS = (
    *("apple", "bridge", "candle", "dragon", "engine", "forest", "garden", "hammer", "island"),
    *("jungle", "kettle", "lantern", "mirror", "needle", "ocean", "pepper", "quartz", "rocket"),
    *("saddle", "tunnel", "umbrella", "velvet", "window", "yogurt"),
)
"""None is a form, a beginning or a misspelling of another."""
Visibility = Literal["public", "unlisted", "private"]
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)


class World(msgspec.Struct):
    """Who there is, and what there is or was."""

    db: Transaction
    random: Random
    people: list[Actor] = []
    conversations: list[UUID] = []
    groups: list[UUID] = []
    group_names: dict[UUID, str] = {}
    roles: list[tuple[UUID, UUID]] = []
    """Group and role; of @everyone both are the group."""
    channels: list[tuple[UUID, UUID]] = []
    """Group and channel."""
    channel_names: dict[UUID, str] = {}
    threads: list[tuple[UUID, UUID]] = []
    """Channel and thread."""
    forums: list[UUID] = []
    slugs: dict[UUID, str] = {}
    messages: list[tuple[UUID, UUID]] = []
    """Place and message."""
    posts: list[UUID] = []
    comments: list[tuple[UUID, UUID]] = []
    """Post and comment, as it was made."""

    @property
    def places(self) -> list[UUID]:
        return [id for _, id in (*self.channels, *self.threads)]

    def gate(self, place_id: UUID) -> Gate:
        return PARTICIPANTS if place_id in self.conversations else CHANNELS

    def someone(self) -> Actor:
        return self.random.choice(self.people)

    async def files(self, owner: Actor) -> list[NewAttachment]:
        """Now and then a picture of theirs."""
        if self.random.random() < 0.75:
            return []
        name = " ".join(self.random.choices(WORDS, k=3))
        return [await with_file(self.db, owner, name=f"{name}.png")]

    def text(self, most: int = 6) -> str:
        """Some words, now and then with somebody's name among them."""
        words = self.random.choices(WORDS, k=self.random.randint(1, most))
        if self.random.random() < 0.2:
            words.insert(self.random.randrange(len(words) + 1), f"@{self.someone().username}")
        return " ".join(words)


async def whoever_may(world: World, deed: Callable[[Actor], Awaitable[object]]) -> None:
    """Have it done by the first who is allowed to, if anybody is: what one in six may do would hardly ever happen."""
    for person in world.people:
        # What is refused halfway leaves nothing behind.
        with suppress(Error):
            await deed(person)
            return

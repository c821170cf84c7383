"""A subscription: as it is asked for, and as its owner and moderators see it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from cgraph import notifications
from cgraph.accounts import Person
from cgraph_kit.validation import Input

from .access import Level

State = Literal["active", "pending"]

REACH: Mapping[Level, notifications.Level | None] = {
    "watching": "all",
    "first_posts": "replies",
    "tracking": "replies",
    "normal": None,
    "muted": "none",
}
"""What each level is as a preference of notifications; None: as a wider scope has it."""


class SetSubscription(Input, frozen=True):
    """How much one wants to hear.

    `watching`: new posts and every comment; `first_posts`: new posts; `tracking` and `normal`: answers and mentions;
    `muted`: nothing.
    """

    level: Level = "normal"


class Subscription(msgspec.Struct, frozen=True):
    """One's own. `state` pending: waits for a moderator of a private forum, of which nothing else is told."""

    state: State
    level: Level


class Subscriber(msgspec.Struct, frozen=True):
    """Somebody who has subscribed, or waits."""

    user: Person
    state: State
    inserted_at: datetime


class SubscriberRow(msgspec.Struct, frozen=True):
    """The same, as it is read."""

    id: UUID
    user_id: int
    username: str
    display_name: str | None
    avatar_url: str | None
    state: State
    inserted_at: datetime

    def shown(self) -> Subscriber:
        person = Person(self.id, self.user_id, self.username, self.display_name, self.avatar_url)
        return Subscriber(person, self.state, self.inserted_at)

"""Whom what is said in channels and threads concerns: asked of the context above, for nobody counts its members here."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from cgraph.notifications import Scope
from cgraph_kit.db import Transaction


class Hearing(msgspec.Struct, frozen=True):
    """Whom it concerns in one place. All of them may see it."""

    places: Sequence[Scope]
    """The place and what it lies in."""
    named: Collection[UUID] = ()
    """Those of whom was asked."""
    listening: Collection[UUID] = ()
    """Who hears of everything said there."""
    following: Collection[UUID] = ()
    """Who follows the thread it is."""


class Call(msgspec.Struct, frozen=True):
    """A message that calls many."""

    place_id: UUID
    message_id: UUID
    seq: int
    sender_id: UUID
    audiences: Sequence[UUID]
    """See `gates.Called`."""
    at: datetime


class Audience(Protocol):
    """What the context above knows of the people of channels and threads."""

    async def hear(
        self, tx: Transaction, place_id: UUID, user_ids: Collection[UUID]
    ) -> Hearing | None:
        """Whom things said there concern: of these people those who may see it, and who wants to hear more.

        None: the place is no more. Never more people than can be told at once.
        """
        ...

    async def call(self, tx: Transaction, calls: Sequence[Call]) -> None:
        """Have those told whom these messages call, in time."""
        ...

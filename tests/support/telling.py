"""A node that tells people things, with a clock of its own and nobody outside."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
import pytest

from cgraph import groups, messaging, notifications
from cgraph.application import SOURCES, WORKERS
from cgraph.mail import Post
from cgraph.settings import Settings
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.jobs import stager
from cgraph_kit.jobs.testing import drain
from cgraph_kit.mailer import Mail
from cgraph_kit.push import Device, Outcome, Payload, Sent

from .post import Postbox, post_of

GRACE = 15.0
REST = 2.0
"""Seconds a conversation rests after its people were told."""


class Phones:
    """Whoever carries pushes: keeps them, by token, and answers as it is told."""

    platforms = ("webpush", "fcm", "apns")

    def __init__(self) -> None:
        self.sent: list[tuple[Device, Payload]] = []
        self.answers: list[Outcome] = []

    async def send(self, device: Device, payload: Payload) -> Outcome:
        if self.answers:
            answer = self.answers.pop(0)
            if not isinstance(answer, Sent):
                return answer
        self.sent.append((device, payload))
        return Sent(f"message/{len(self.sent)}")


class Row(msgspec.Struct, frozen=True):
    """An outcome in short."""

    user_id: UUID
    event_id: UUID
    kind: str
    state: str
    rule: str


@dataclass
class Node:
    """What jobs need of an application. Time stands still but for `later`."""

    db: Any
    settings: Settings = field(
        default_factory=lambda: Settings(env="test", push_delay_seconds=GRACE)
    )
    pushers: Any = field(default_factory=Phones)
    postbox: Postbox = field(default_factory=Postbox)
    sources: notifications.Sources = SOURCES
    audience: messaging.Audience = groups.AUDIENCE
    gate: messaging.Gate = groups.CHANNELS
    limits: Any = field(
        default_factory=lambda: SimpleNamespace(
            messaging=messaging.Limits(), groups=groups.Limits()
        )
    )
    moved: timedelta = timedelta()

    @property
    def post(self) -> Post:
        return post_of(self.postbox, collect=notifications.collect)

    @property
    def pushes(self) -> list[Payload]:
        """Every push that went out."""
        return [payload for _, payload in self.pushers.sent]

    @property
    def alerts(self) -> list[Payload]:
        """Those that show something."""
        return [push for push in self.pushes if not push.silent]

    @property
    def mails(self) -> list[Mail]:
        return self.postbox.mails

    def hold(self, monkeypatch: pytest.MonkeyPatch, at: datetime | None = None) -> None:
        """Have the clock stand still from now on."""
        start = at or clock.now()
        monkeypatch.setattr(clock, "now", lambda: start + self.moved)

    async def work(self) -> None:
        """Do everything that is due."""
        while True:
            await drain(self.db, self, WORKERS)
            if not await stager.stage(self.db):
                return

    async def later(self, seconds: float = GRACE) -> None:
        """So much time goes by, and what was due meanwhile is done."""
        self.moved += timedelta(seconds=seconds)
        await self.db.value(
            "UPDATE jobs SET scheduled_at = scheduled_at - make_interval(secs => $1) "
            "WHERE state IN ('scheduled', 'retryable')",
            seconds,
        )
        await self.work()

    async def outcomes(self) -> list[Row]:
        """Every decision."""
        return await self.db.all(
            Row,
            "SELECT user_id, event_id, kind, state, rule FROM notification_outcomes "
            "ORDER BY happened_at, event_id, user_id",
        )

    async def inbox(self, user_id: UUID) -> list[dict[str, Any]]:
        """A person's entries as they are kept, newest first."""
        found: list[dict[str, Any]] = await self.db.values(
            "SELECT to_jsonb(n) FROM notifications n WHERE user_id = $1 ORDER BY last_event_at DESC, id DESC",
            user_id,
        )
        return found


async def address(db: Repo, user_id: UUID) -> str:
    """Have somebody be reachable by mail."""
    email = f"{user_id}@example.com"
    await db.value("UPDATE users SET email = $2, password_hash = 'x' WHERE id = $1", user_id, email)
    return email

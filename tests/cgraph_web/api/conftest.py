"""The API on a database of its own, with real accounts and hashes that cost nothing."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from cgraph import forums, groups, messaging
from cgraph.accounts import (
    Auth,
    Hasher,
    Keys,
    Limits,
    follow,
    listener,
    mail_password_changed,
    mail_password_reset,
)
from cgraph.application import SOURCES
from cgraph.happenings import Happenings
from cgraph.mail import Post
from cgraph.notifications import Sources
from cgraph.settings import Settings
from cgraph_kit.db import Database
from cgraph_kit.ids import new_id
from cgraph_kit.jobs import Jobs
from cgraph_kit.jobs.testing import drain
from cgraph_kit.limiter import Limiter, MemoryLimiter
from cgraph_kit.mailer import Mail
from cgraph_kit.pubsub import LocalBus, LocalPubSub
from cgraph_web.app import create_app
from support.limits import RAISED
from support.post import Postbox, post_of

PASSWORD = "correct horse battery"
TOKEN = re.compile(r"^ +([A-Za-z0-9_-]{43})$", re.MULTILINE)


@dataclass
class TestApp:
    """The part of a running application that accounts need."""

    __test__ = False

    settings: Settings
    db: Database
    auth: Auth
    post: Post
    postbox: Postbox
    limiter: Limiter
    limits: Any = field(
        default_factory=lambda: SimpleNamespace(
            messaging=messaging.Limits(), groups=groups.Limits(), forums=forums.Limits()
        )
    )
    events: list[Any] = field(default_factory=list)
    sources: Sources = SOURCES
    audience: messaging.Audience = groups.AUDIENCE
    gate: messaging.Gate = groups.CHANNELS

    @property
    def jobs(self) -> Jobs:
        return Jobs(self.db, workers=())

    async def mailed(self) -> list[Mail]:
        """What has been sent, once everything is."""
        await drain(self.db, self, [mail_password_reset, mail_password_changed], queue="mail")
        return self.postbox.mails


@pytest.fixture(scope="session")
async def database(clones: Any) -> AsyncIterator[Database]:
    """A database of its own: other tests expect to be alone with what they make."""
    database = await Database.connect(await clones.make(), pool_size=10)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def hasher() -> Any:
    hasher = Hasher(time_cost=1, memory_kib=8, waiting=1000)
    yield hasher
    hasher.close()


@pytest.fixture
async def app(database: Database, hasher: Hasher) -> AsyncIterator[TestApp]:
    settings = Settings(env="test", **RAISED)
    auth = Auth(
        keys=Keys("1", {"1": "0123456789abcdef0123456789abcdef"}),
        issuer="localhost",
        limiter=MemoryLimiter(),
        hasher=hasher,
        limits=Limits(),
    )
    postbox = Postbox()
    bus, happenings = LocalPubSub(LocalBus()), Happenings()
    await database.value("DELETE FROM jobs")  # what other tests left
    app = TestApp(settings, database, auth, post_of(postbox), postbox, auth.limiter)
    await follow(bus, auth)
    database.subscriber = happenings.tell
    with (
        happenings.listener(listener(bus, auth)),
        happenings.listener(app.events.extend),
    ):
        yield app


@dataclass
class Person:
    """Somebody who registered, and a caller with their token."""

    caller: Any
    name: str
    email: str
    user: dict[str, Any]
    answer: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.user["id"])


@pytest.fixture
def nobody(app: TestApp, web: Callable[..., Any]) -> Any:
    """A caller without a token."""
    caller = web().as_(None)
    caller.asgi = create_app(app)
    return caller


@pytest.fixture
def person(nobody: Any) -> Callable[..., Any]:
    """`await person()`: somebody new."""

    async def make(**new: str) -> Person:
        name = new.get("username") or "x" + new_id().hex[-16:].translate(str.maketrans("01", "zy"))
        new = {"email": f"{name}@example.org", "username": name, "password": PASSWORD} | new
        # Each from an address of their own: what is limited per address is not this test's business.
        registered = await nobody.post("/api/v1/auth/register", new, client=(f"test {name}", 1))
        assert registered.status == 201, registered.body
        answer = registered.json["data"]
        return Person(
            nobody.as_(answer["access_token"]), name, new["email"], answer["user"], answer
        )

    return make

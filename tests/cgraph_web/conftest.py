"""Calling an ASGI application in process, message by message, so that every byte of the exchange is in the test's hands."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
import pytest

from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.settings import Settings
from cgraph_kit.db import Database
from cgraph_kit.errors import Unauthorized
from cgraph_kit.ids import new_id
from cgraph_kit.jobs import Jobs
from cgraph_kit.limiter import Limiter, MemoryLimiter
from cgraph_web.action import Route
from cgraph_web.app import create_app
from support.people import Person, register


class UnknownToken(Unauthorized):
    code = "test_unknown_token"


class Tokens:
    """Stands where the application's authenticator stands: a token is whoever it was given to."""

    def __init__(self) -> None:
        self.actors: dict[str, Actor] = {}

    async def authenticate(self, _db: Database, token: str) -> Actor:
        if token not in self.actors:
            raise UnknownToken
        return self.actors[token]

    def person(self) -> str:
        """The token of somebody new."""
        id = new_id()
        self.actors[token := f"token-{id.hex}"] = Actor(id, new_id(), "ada", "Ada", None, 1)
        return token


@dataclass
class FakeApp:
    """What the web layer needs of an application, without starting one."""

    db: Any
    settings: Settings = field(default_factory=lambda: Settings(env="test"))
    auth: Tokens = field(default_factory=Tokens)
    limiter: Limiter = field(default_factory=MemoryLimiter)

    @property
    def jobs(self) -> Jobs:
        """None are done here."""
        return Jobs(self.db, workers=())

    def actor(self, token: str) -> Actor:
        return self.auth.actors[token]


@dataclass
class Answer:
    """One answer, as it was sent."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def error(self) -> Any:
        return self.json["error"]

    @property
    def code(self) -> str:
        return str(self.error["code"])


class Caller:
    """Sends requests as one person, or as nobody."""

    def __init__(self, app: FakeApp, asgi: Any, token: str | None = None) -> None:
        self.app = app
        self.asgi = asgi
        self.token = token

    def as_(self, token: str | None) -> "Caller":
        """The same application, called by somebody else; None is nobody."""
        return Caller(self.app, self.asgi, token)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.send("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Answer:
        return await self.send("POST", path, json=json, **options)

    async def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes | None = None,
        chunks: Sequence[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        client: tuple[str, int] | None = ("203.0.113.9", 50000),
        scheme: str = "http",
    ) -> Answer:
        """One request; `chunks` sends the body in pieces and without a length."""
        path, _, query = path.partition("?")
        if json is not None:
            body = msgspec.json.encode(json)
        pieces = list(chunks) if chunks is not None else [body or b""]
        all_headers = {"host": "localhost"}
        if body:
            all_headers |= {"content-type": "application/json", "content-length": str(len(body))}
        if self.token:
            all_headers["authorization"] = f"Bearer {self.token}"
        all_headers |= headers or {}
        return await call(
            self.asgi,
            {
                "type": "http",
                "http_version": "1.1",
                "method": method,
                "scheme": scheme,
                "path": path,
                "raw_path": path.encode(),
                "root_path": "",
                "query_string": query.encode(),
                "headers": [(k.lower().encode(), v.encode()) for k, v in all_headers.items()],
                "client": client,
                "server": ("127.0.0.1", 4000),
            },
            pieces,
        )


async def call(asgi: Any, scope: dict[str, Any], pieces: Sequence[bytes | None]) -> Answer:
    """Run one request; a piece that is None is the client hanging up. Status 0: nothing was answered."""
    waiting = [
        {"type": "http.disconnect"}
        if piece is None
        else {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        if not waiting:  # the client stays until it has its answer
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await asgi(scope, receive, send)
    if not sent:
        return Answer(0, {}, b"")
    headers = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    assert len(headers) == len(sent[0]["headers"]), "a header is sent twice"
    return Answer(sent[0]["status"], headers, b"".join(part["body"] for part in sent[1:]))


def caller_of(app: App, person: Person | None = None) -> Caller:
    """Somebody, or nobody, who calls the whole application."""
    return Caller(cast("Any", app), create_app(app), person and person.token)


@pytest.fixture(scope="session")
def site(app: App) -> Caller:
    """Nobody, calling the whole application; `site.as_(token)` is somebody."""
    return caller_of(app)


@pytest.fixture
def nobody(app: App) -> Caller:
    """A caller without a token, of whatever application stands here."""
    return caller_of(app)


@pytest.fixture
async def ann(app: App) -> Person:
    return await register(app)


@pytest.fixture
async def bob(app: App) -> Person:
    return await register(app)


@pytest.fixture
def ada(nobody: Caller, ann: Person) -> Caller:
    """Ann's caller."""
    return nobody.as_(ann.token)


@pytest.fixture
def web(database: Database) -> Callable[..., Caller]:
    """`web(routes, **settings)`: somebody who calls an application of these routes."""

    def make(*routes: Route, **settings: Any) -> Caller:
        app = FakeApp(database, Settings(**{"env": "test", **settings}))
        return Caller(app, create_app(app, routes=routes), app.auth.person())

    return make

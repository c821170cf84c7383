"""People to test with, time that stands still, and hashes that cost nothing."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from cgraph import accounts
from cgraph.accounts import Actor, Auth, Hasher, Keys, Limits, NewUser, Origin, SignedIn
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.limiter import MemoryLimiter

PASSWORD = "correct horse battery"
HOME = Origin("192.0.2.1", "Tests/1.0")
KEYS = Keys("1", {"1": "0123456789abcdef0123456789abcdef"})

Register = Callable[..., Awaitable[SignedIn]]


class HeldClock:
    """The time, which passes only when a test says so."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def now(self) -> datetime:
        return self.time

    def seconds(self) -> float:
        return self.time.timestamp()

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> HeldClock:
    held = HeldClock()
    monkeypatch.setattr(clock, "now", held.now)
    return held


@pytest.fixture(scope="session")
def hasher() -> Iterator[Hasher]:
    hasher = Hasher(time_cost=1, memory_kib=8, threads=2, waiting=1000)
    yield hasher
    hasher.close()


@pytest.fixture
def make_auth(held: HeldClock, hasher: Hasher) -> Callable[..., Auth]:
    """An Auth with limits of the test's choice. Two of them are two nodes, but for the limiter."""

    def make(keys: Keys = KEYS, **limits: object) -> Auth:
        return Auth(
            keys=keys,
            issuer="cgraph.test",
            limiter=MemoryLimiter(clock=held.seconds),
            hasher=hasher,
            limits=Limits(**limits),  # type: ignore[arg-type]
        )

    return make


@pytest.fixture
def auth(make_auth: Callable[..., Auth]) -> Auth:
    return make_auth()


@pytest.fixture
def register(auth: Auth) -> Register:
    """Registers people without using up anybody's budget."""

    async def register(db: Repo, username: str, **new: str) -> SignedIn:
        new = {"email": f"{username}@example.org", "password": PASSWORD} | new
        somewhere = Origin(f"test {username}", "Tests/1.0")
        return await accounts.register(db, auth, NewUser(username=username, **new), somewhere)

    return register


def actor_of(signed_in: SignedIn) -> Actor:
    user = signed_in.user
    return Actor(
        user.id,
        signed_in.session.id,
        user.username,
        user.display_name,
        user.avatar_url,
        user.user_id,
    )

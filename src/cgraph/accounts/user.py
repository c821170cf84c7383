"""A person: the account as its owner sees it, and the few facts everybody may show."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from cgraph_kit.db import Repo, columns

Status = Literal["online", "idle", "dnd", "invisible"]
State = Literal["active", "deactivated"]


NO_SESSION = UUID(int=0)


class Actor(msgspec.Struct, frozen=True):
    """Who acts: made from an access token, and at most a minute older than the truth."""

    id: UUID
    session_id: UUID
    username: str
    display_name: str | None
    avatar_url: str | None
    user_id: int
    admin: bool = False
    """For what may be a minute old, such as how much they may ask; rights are asked of the database (`is_admin`)."""


class User(msgspec.Struct, frozen=True):
    """An account as its owner sees it; also the payload of `profile_updated`."""

    id: UUID
    email: str | None
    username: str
    user_id: int
    """A short number shown to people."""
    display_name: str | None
    avatar_url: str | None
    status: Status
    """What the person chose to show; whether they are there is presence's to say."""
    status_text: str | None
    status_expires_at: datetime | None
    read_receipts: bool
    """Whether others are told what this person has read."""
    state: State
    inserted_at: datetime
    updated_at: datetime

    def __repr__(self) -> str:
        return f"User({self.id}, {self.username!r})"


class Person(msgspec.Struct, frozen=True):
    """The public columns of `users`: what is shown beside anything a person does."""

    id: UUID
    user_id: int
    username: str
    display_name: str | None
    avatar_url: str | None


def _selected(alias: str) -> str:
    """The columns of `User`, where a status text that has lapsed is none."""
    names = columns(User, alias).split(", ")
    for name in ("status_text", "status_expires_at"):
        column = f"{alias}.{name}"
        names[names.index(column)] = (
            f"CASE WHEN {alias}.status_expires_at <= now() THEN NULL ELSE {column} END"
        )
    return ", ".join(names)


USER = _selected("u")
PERSON = columns(Person, "u")
_ACTIVE = f"SELECT {PERSON} FROM users u WHERE u.state = 'active'"


async def find_user(db: Repo, id: UUID) -> User | None:
    """The account with this id, deactivated or not."""
    return await db.first(User, f"SELECT {USER} FROM users u WHERE u.id = $1", id)


async def find_actor(db: Repo, id: UUID) -> Actor | None:
    """An active person to act for without a session, as jobs do what somebody had asked for."""
    person = await db.first(Person, f"{_ACTIVE} AND u.id = $1", id)
    if person is None:
        return None
    return Actor(
        person.id,
        NO_SESSION,
        person.username,
        person.display_name,
        person.avatar_url,
        person.user_id,
    )


async def lock_user(db: Repo, id: UUID) -> User:
    """The account, which nobody else changes until this transaction ends."""
    return await db.one(User, f"SELECT {USER} FROM users u WHERE u.id = $1 FOR NO KEY UPDATE", id)


async def get_people(db: Repo, ids: Sequence[UUID]) -> dict[UUID, Person]:
    """Those of these people who exist, by id."""
    rows = await db.all(Person, f"SELECT {PERSON} FROM users u WHERE u.id = ANY($1)", list(ids))
    return {row.id: row for row in rows}


async def get_people_by_usernames(db: Repo, usernames: Sequence[str]) -> dict[str, Person]:
    """Active people by name, exact but for case; unknown names are left out. For mentions."""
    rows = await db.all(
        Person,
        f"SELECT {PERSON} FROM users u WHERE u.username = ANY($1) AND u.state = 'active'",
        [name.lower() for name in usernames],
    )
    return {row.username: row for row in rows}


async def list_active_ids(db: Repo, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these ids that are active accounts."""
    sql = "SELECT id FROM users WHERE id = ANY($1) AND state = 'active'"
    return set(await db.values(sql, list(ids)))

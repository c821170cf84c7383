"""Searches a person keeps by a name of their choice."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from cgraph.accounts import Actor
from cgraph_kit import clock
from cgraph_kit.db import Repo, Transaction, columns
from cgraph_kit.errors import Invalid
from cgraph_kit.ids import new_id
from cgraph_kit.validation import NO_NUL, Input, Text

from .errors import SavedSearchNameTaken, SavedSearchNotFound, TooManySavedSearches
from .grammar import parse
from .limits import DEFAULT_LIMITS, Limits

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=NO_NUL)]
QueryText = Annotated[Text, msgspec.Meta(max_length=4000, examples=["from:ann has:link recipe"])]


class SaveSearch(Input, frozen=True):
    """A search to be kept."""

    name: Name
    """One's own searches have different names, whatever their case."""
    q: QueryText
    """Kept as it was typed: `after:7d` means seven days before it is searched for."""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "name", _tidy(self.name))


class SavedSearchChange(Input, frozen=True):
    """What is to be different."""

    name: Name | UnsetType = UNSET
    q: QueryText | UnsetType = UNSET

    def __post_init__(self) -> None:
        if isinstance(self.name, str):
            msgspec.structs.force_setattr(self, "name", _tidy(self.name))

    def given(self) -> dict[str, Any]:
        values = msgspec.structs.asdict(self)
        return {name: value for name, value in values.items() if value is not UNSET}


class SavedSearch(msgspec.Struct, frozen=True):
    """A search as it is kept."""

    id: UUID
    name: str
    q: str
    inserted_at: datetime
    updated_at: datetime


async def save_search(
    db: Repo, actor: Actor, new: SaveSearch, *, limits: Limits = DEFAULT_LIMITS
) -> SavedSearch:
    """Keep a search. Raises `InvalidQuery`, `SavedSearchNameTaken`, `TooManySavedSearches`."""
    parse(new.q, limits=limits)
    async with db.transaction() as tx:
        await _hold(tx, actor)
        if await tx.value(_COUNT, actor.id) >= limits.saved_max:
            raise TooManySavedSearches
        await _demand_free(tx, actor, new.name, None)
        return await tx.one(SavedSearch, _INSERT, new_id(), actor.id, new.name, new.q, clock.now())


async def list_saved_searches(db: Repo, actor: Actor) -> list[SavedSearch]:
    """All of one's own, by name."""
    return await db.all(SavedSearch, _LIST, actor.id)


async def get_saved_search(db: Repo, actor: Actor, id: UUID) -> SavedSearch:
    """One of one's own. Raises `SavedSearchNotFound`."""
    saved = await db.first(SavedSearch, _GET, actor.id, id)
    if saved is None:
        raise SavedSearchNotFound
    return saved


async def change_saved_search(
    db: Repo,
    actor: Actor,
    id: UUID,
    change: SavedSearchChange,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> SavedSearch:
    """Call it or search otherwise. Raises `InvalidQuery`, `SavedSearchNotFound`, `SavedSearchNameTaken`."""
    if isinstance(change.q, str):
        parse(change.q, limits=limits)
    async with db.transaction() as tx:
        await _hold(tx, actor)
        saved = await get_saved_search(tx, actor, id)
        changed = msgspec.structs.replace(saved, **change.given())
        if changed == saved:
            return saved
        await _demand_free(tx, actor, changed.name, id)
        return await tx.one(
            SavedSearch, _UPDATE, actor.id, id, changed.name, changed.q, clock.now()
        )


async def delete_saved_search(db: Repo, actor: Actor, id: UUID) -> None:
    """Keep it no longer; where there is none, nothing happens."""
    await db.value("DELETE FROM saved_searches WHERE user_id = $1 AND id = $2", actor.id, id)


def _tidy(name: str) -> str:
    tidied = " ".join(name.split())
    if not tidied:
        raise Invalid.field("name", "must not be empty")
    return tidied


async def _hold(tx: Transaction, actor: Actor) -> None:
    """One device at a time, so that searches are counted, and their names compared, one after the other."""
    await tx.value("SELECT 1 FROM streams WHERE id = $1 FOR NO KEY UPDATE", actor.id)


async def _demand_free(tx: Transaction, actor: Actor, name: str, own: UUID | None) -> None:
    if await tx.value(_TAKEN, actor.id, name, own):
        raise SavedSearchNameTaken


_COLUMNS = columns(SavedSearch)
_COUNT = "SELECT count(*) FROM saved_searches WHERE user_id = $1"
_TAKEN = """
SELECT true FROM saved_searches WHERE user_id = $1 AND lower(name) = lower($2) AND id IS DISTINCT FROM $3
"""
_LIST = f"SELECT {_COLUMNS} FROM saved_searches WHERE user_id = $1 ORDER BY lower(name), id"
_GET = f"SELECT {_COLUMNS} FROM saved_searches WHERE user_id = $1 AND id = $2"
_INSERT = f"""
INSERT INTO saved_searches (id, user_id, name, q, inserted_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
RETURNING {_COLUMNS}
"""
_UPDATE = f"""
UPDATE saved_searches SET name = $3, q = $4, updated_at = $5 WHERE user_id = $1 AND id = $2 RETURNING {_COLUMNS}
"""

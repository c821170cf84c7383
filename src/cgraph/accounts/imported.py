"""People another system knew: accounts that exist, can be mentioned and shown, and that nobody can sign in to yet.

Mostly they have no password: whoever owns the e-mail address that came along takes the account over by a password reset.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cgraph_kit import clock, streams
from cgraph_kit.db import Repo, Transaction

from . import email as emails
from . import texts
from . import username as usernames

AVATAR_URL_MAX = 2048
FALLBACK = "someone"
COUNTED = 9
"""Look-alikes of one name that are told apart by a number; more get letters of their id."""

_FOREIGN = re.compile(r"[^a-z0-9_.]+")
_DOTS = re.compile(r"\.{2,}")


class ImportedUser(msgspec.Struct, frozen=True):
    """An account to be made. `username` may be anything; an address that is none or is taken is left out."""

    id: UUID
    username: str
    display_name: str | None
    email: str | None
    avatar_url: str | None
    active: bool
    inserted_at: datetime
    password_hash: str | None = None
    """As `Hasher.hash` makes it; None: nobody can sign in yet."""


class Made(msgspec.Struct, frozen=True):
    """What became of it."""

    id: UUID
    username: str
    email_refused: str | None
    """Why the account has no address though one was given."""


class _Owner(msgspec.Struct, frozen=True):
    email: str
    id: UUID


async def create_imported_users(tx: Transaction, users: Sequence[ImportedUser]) -> list[Made]:
    """Make accounts with ids of the caller's choice, in the order given; earlier ones get the better names.

    Registrations wait until the transaction ends, so that names and addresses found free stay free.
    """
    await tx.value("LOCK TABLE users, usernames IN SHARE ROW EXCLUSIVE MODE")
    plans = await plan_imported_users(tx, users)
    now = clock.now()
    await streams.create_many(tx, [user.id for user in users])
    await tx.copy_rows(
        "users",
        _COLUMNS,
        [_row(user, plan, now) for user, plan in zip(users, plans, strict=True)],
    )
    await tx.copy_rows(
        "usernames",
        ("skeleton", "username", "user_id"),
        [(usernames.skeleton(plan.username), plan.username, plan.id) for plan in plans],
    )
    return plans


async def plan_imported_users(
    db: Repo, users: Sequence[ImportedUser], promised: set[str] | None = None
) -> list[Made]:
    """What `create_imported_users` would make of them now; reads only.

    `promised`: names (by look) and addresses that others are to get; those of these people are added.
    """
    promised = set() if promised is None else promised
    names = await _choose_names(db, users, promised)
    refused = await _refused_emails(db, users, promised)
    return [Made(user.id, names[user.id], refused.get(user.id)) for user in users]


async def get_ids_by_emails(db: Repo, emails: Sequence[str]) -> dict[str, UUID]:
    """The accounts these addresses belong to, by address in lower case; for trusted imports only."""
    rows = await db.all(
        _Owner,
        "SELECT lower(email), id FROM users WHERE lower(email) = ANY($1)",
        [email.lower() for email in emails],
    )
    return {row.email: row.id for row in rows}


_COLUMNS = (
    "id",
    "email",
    "username",
    "password_hash",
    "display_name",
    "avatar_url",
    "state",
    "deactivated_at",
    "inserted_at",
    "updated_at",
)


def _row(user: ImportedUser, plan: Made, now: datetime) -> tuple[object, ...]:
    return (
        user.id,
        user.email if plan.email_refused is None else None,
        plan.username,
        user.password_hash,
        _shown(user.display_name or user.username),
        user.avatar_url if len(user.avatar_url or "") <= AVATAR_URL_MAX else None,
        "active" if user.active else "deactivated",
        None if user.active else now,
        user.inserted_at,
        user.inserted_at,
    )


def _shown(name: str) -> str | None:
    """As a display name: what our rules refuse becomes a space, and what is too long is cut."""
    normal = texts.normalize(name)
    allowed = "".join(" " if texts.problems(f"x{char}", 2) else char for char in normal)
    shown = " ".join(allowed.split())[: texts.DISPLAY_NAME_LENGTH].strip()
    return None if texts.problems(shown, texts.DISPLAY_NAME_LENGTH) else shown


async def _refused_emails(
    db: Repo, users: Sequence[ImportedUser], promised: set[str]
) -> dict[UUID, str]:
    given = {user.id: user.email for user in users if user.email}
    promised |= set(await get_ids_by_emails(db, list(given.values())))
    refused = {}
    for id, address in given.items():
        if found := emails.problems(address):
            refused[id] = f"{address} {found[0]}"
        elif address.lower() in promised:
            refused[id] = f"{address} belongs to another account"
        promised.add(address.lower())
    return refused


async def _choose_names(
    db: Repo, users: Sequence[ImportedUser], looks: set[str]
) -> dict[UUID, str]:
    """A name for each that nobody has, and that looks like nobody's."""
    chosen: dict[UUID, str] = {}
    waiting = {user.id: _candidates(user) for user in users}
    while waiting:
        tried = {id: next(candidates) for id, candidates in waiting.items()}
        looks |= await _taken(db, [usernames.skeleton(name) for name in tried.values()])
        for id, name in tried.items():
            if (look := usernames.skeleton(name)) not in looks:
                looks.add(look)
                chosen[id] = name
                del waiting[id]
    return {user.id: chosen[user.id] for user in users}


async def _taken(db: Repo, looks: Sequence[str]) -> set[str]:
    sql = "SELECT skeleton FROM usernames WHERE skeleton = ANY($1)"
    return set(await db.values(sql, list(looks)))


def _candidates(user: ImportedUser) -> Iterator[str]:
    """The name as near as our rules let it be, then with a number, then with more and more of the id."""
    base = fit(user.username)
    if not usernames.problems(base):
        yield base
    digits = user.id.hex[::-1]  # an id's last digits are the random ones
    tails = [str(n) for n in range(2, COUNTED + 2)] + [digits[:n] for n in range(4, 25)]
    for tail in tails:
        name = f"{base[: usernames.MAX_LENGTH - len(tail) - 1].rstrip('.')}.{tail}"
        if not usernames.problems(name):
            yield name


def fit(username: str) -> str:
    """The nearest name of our alphabet, the same each time: accents go, other characters become `_`."""
    plain = unicodedata.normalize("NFKD", username).casefold()
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    name = _DOTS.sub(".", _FOREIGN.sub("_", plain)).strip(".")[: usernames.MAX_LENGTH].rstrip(".")
    return name if any(character.isalnum() for character in name) else FALLBACK

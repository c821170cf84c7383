"""The people of a made-up community."""

from datetime import datetime, timedelta
from uuid import UUID

from cgraph import accounts
from cgraph.accounts import ImportedUser
from cgraph_kit.db import Repo

from . import names
from .dice import Calendar, Dice
from .told import Told

AT_ONCE = 2_000
DEMO = "demo"
_ACTIVE = 0.99


class Cast:
    """Everybody, by number; 0 is whoever looks at it all: the demo account."""

    def __init__(self) -> None:
        self.ids: list[UUID] = []
        self.names: list[str] = []
        """Usernames."""

    def __len__(self) -> int:
        return len(self.ids)


async def gather(
    db: Repo, dice: Dice, calendar: Calendar, count: int, *, password_hash: str, told: Told
) -> Cast:
    """Make accounts; the demo account has this password, nobody else has one."""
    cast = Cast()
    while len(cast) < count:
        users = [
            _user(dice, calendar, len(cast) + n, password_hash)
            for n in range(min(AT_ONCE, count - len(cast)))
        ]
        async with db.transaction() as tx:
            made = await accounts.create_imported_users(tx, users)
        cast.ids.extend(user.id for user in users)
        cast.names.extend(each.username for each in made)
        told.more(len(users), "people")
    return cast


def _user(dice: Dice, calendar: Calendar, n: int, password_hash: str) -> ImportedUser:
    username, shown = names.person(dice) if n else (DEMO, "Demo")
    return ImportedUser(
        id=dice.id(at := _joined(dice, calendar)),
        username=username,
        display_name=shown,
        email=None,
        avatar_url=None,
        active=n == 0 or dice.chance(_ACTIVE),
        inserted_at=at,
        password_hash=None if n else password_hash,
    )


def _joined(dice: Dice, calendar: Calendar) -> datetime:
    """Before anything is said."""
    return calendar.start - timedelta(seconds=dice.randint(3600, 300 * 86_400))

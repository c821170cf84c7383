"""One community after the other, in the order in which they stand on each other."""

from datetime import datetime
from uuid import UUID

import msgspec

from cgraph_kit import clock
from cgraph_kit.db import Repo, UniqueViolation
from cgraph_kit.errors import Conflict

from . import communities, conversations
from .boards import Boards
from .cast import gather
from .dice import Calendar, Dice
from .sizes import Size
from .texts import Writer
from .told import Progress, Told
from .world import World


class NotEmpty(Conflict):
    """There are people already."""

    code = "database_not_empty"
    default = "there are people in this database already: --add puts the made-up ones beside them"


class SeedUsed(Conflict):
    """These very people are there."""

    code = "seed_used"
    default = "this seed has been planted here today already: another --seed makes others"


class Demo(msgspec.Struct, frozen=True):
    """The account to look at it all with."""

    id: UUID
    username: str


async def seed(
    db: Repo,
    size: Size,
    *,
    number: int = 1,
    password_hash: str,
    until: datetime | None = None,
    add: bool = False,
    progress: Progress = lambda _done, _total, _what: None,
) -> Demo:
    """Make communities up: the same ones for the same number and day. Returns the demo account, which has this password.

    `until`: when it all ends, now unless given; it begins two years before. `add`: beside people who are there. Raises
    `NotEmpty`, `SeedUsed`. Written in many transactions: what stops it leaves a part, whole in itself.
    """
    if not add and await db.value("SELECT EXISTS (SELECT FROM users)"):
        raise NotEmpty
    calendar = Calendar(until or clock.now())
    told = Told(progress, size.total)
    dice = Dice(number, "people")
    try:
        cast = await gather(db, dice, calendar, size.people, password_hash=password_hash, told=told)
    except UniqueViolation as error:
        raise SeedUsed from error
    world = World(db, size, calendar, Writer(Dice(number, "words")), cast, told)
    await db.value("ANALYZE")
    await conversations.load(world, Dice(number, "conversations"))
    await db.value("ANALYZE")
    await communities.load(world, Dice(number, "groups"))
    await Boards(world, Dice(number, "forums")).load()
    await db.value("ANALYZE")
    return Demo(cast.ids[0], cast.names[0])

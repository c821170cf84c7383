"""What every part of the work stands on."""

import msgspec

from cgraph_kit.db import Repo

from .cast import Cast
from .dice import Calendar
from .sizes import Size
from .texts import Writer
from .told import Told


class World(msgspec.Struct, frozen=True):
    """Where it is written, who is in it, when it happens, and how much of it there is."""

    db: Repo
    size: Size
    calendar: Calendar
    writer: Writer
    cast: Cast
    told: Told

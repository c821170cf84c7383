"""When one's pushes and mail wait."""

from cgraph import notifications
from cgraph.accounts import Actor
from cgraph.notifications import NewQuietHours, QuietHoursShown
from cgraph_kit.db import Repo
from cgraph_web.action import Body, action
from cgraph_web.views.base import Data

NIGHTS = {
    "time_zone": "Europe/Paris",
    "windows": [{"day": 1, "start": "22:00", "end": "07:00"}],
    "exceptions": [],
}


@action()
async def show(db: Repo, actor: Actor) -> Data[QuietHoursShown]:
    """One's quiet hours, and whether it is quiet now."""
    return Data(await notifications.get_quiet_hours(db, actor))


@action(example=NIGHTS)
async def replace(db: Repo, actor: Actor, new: Body[NewQuietHours]) -> Data[QuietHoursShown]:
    """Set one's quiet hours.

    A window begins on its weekday by the clock on the wall, and ends the next day if its end is not after its start. What
    comes meanwhile is told of in one digest at the end; exceptions and urgent matters get through.
    """
    return Data(await notifications.set_quiet_hours(db, actor, new))

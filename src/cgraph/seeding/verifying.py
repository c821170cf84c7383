"""Whether everything that is counted is counted right."""

import msgspec

from cgraph import forums, groups, messaging
from cgraph_kit.db import Repo


class Finding(msgspec.Struct, frozen=True):
    """One thing that was counted anew."""

    what: str
    wrong: int
    """Rows that say something else."""


async def verify(db: Repo) -> list[Finding]:
    """Count everything anew, of the whole database, as it was at one moment; takes as long as it takes."""
    async with db.transaction() as tx:
        await tx.value("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        await tx.value("SELECT set_config('statement_timeout', '0', true)")
        contexts = [await each.recount(tx) for each in (messaging, groups, forums)]
    return [Finding(what, wrong) for found in contexts for what, wrong in found.items()]

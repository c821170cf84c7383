"""`cgraph shell`."""

import sys
from typing import Annotated

from cyclopts import Parameter

from cgraph import accounts, configuration, messaging

from .console import run_prompt, run_script
from .node import application

BANNER = """CGraph shell on Python {python}. `await` works as it stands; Ctrl-D leaves.

  app        the running application: app.settings, app.bus …
  db         the database: await db.value("select count(*) from users")
  accounts, messaging
             the contexts; help(messaging) lists what they do"""


async def command(*, command: Annotated[str | None, Parameter(alias="-c")] = None) -> int:
    """Python with the application loaded; `await` works at the top level.

    Everything but the network side is started, on the same settings as `cgraph serve` and beside one that runs. What
    comes through a pipe is run as a script.

    For example:

    - `cgraph shell`
    - `cgraph shell -c 'print(await db.value("select count(*) from users"))'`
    - `cgraph shell < script.py`

    Parameters
    ----------
    command
        Run this and leave.
    """
    async with application(configuration.read()) as app:
        names = {"app": app, "db": app.db, "accounts": accounts, "messaging": messaging}
        if command is not None:
            return await run_script(command, names)
        if not sys.stdin.isatty():
            return await run_script(sys.stdin.read(), names)
        await run_prompt(BANNER.format(python=sys.version.split()[0]), names)
    return 0

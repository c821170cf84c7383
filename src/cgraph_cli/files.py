"""`cgraph files`: status, collect."""

from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from cgraph import configuration, files
from cgraph_kit.storage import StorageError

from .node import application
from .output import Failure, lines, say

Flag = Annotated[bool, Parameter(negative="", show_default=False)]
MIB = 1024 * 1024

command = App(
    name="files",
    help="""
    Look at what people have uploaded, and remove what nobody needs.

    For example:

    - `cgraph files status` tells how many files there are, and how much room they take
    """,
    help_format="markdown",
)


@command.command
async def status(*, json: Flag = False) -> None:
    """How many files there are, how much room they take, and what waits.

    For example:

    - `cgraph files status`
    - `cgraph files status --json`

    Parameters
    ----------
    json
        As JSON.
    """
    async with application(configuration.read()) as app:
        overview = await files.get_overview(app.db)
    if json:
        say(msgspec.json.encode(overview).decode())
        return
    say(
        lines(
            (
                ("files", f"{overview.files:,}"),
                ("attached", f"{overview.attached:,}"),
                ("contents", f"{overview.contents:,}, {overview.bytes / MIB:,.1f} MiB"),
                ("uploads under way", f"{overview.uploading:,}"),
                ("to be looked at", f"{overview.processing:,}"),
                ("refused lately", f"{overview.refused:,}"),
                ("objects to be removed", f"{overview.doomed:,}"),
            )
        )
    )


@command.command
async def collect() -> None:
    """Remove now what the job `collect_files` would remove: uploads nobody finished, files nobody attached, their objects.

    For example:

    - `cgraph files collect`
    """
    async with application(configuration.read()) as app:
        try:
            forgotten = await files.forget_unused(app.db, limits=app.limits.files)
            removed = await files.collect(app.db, app.storage)
        except StorageError as error:
            raise Failure(f"cgraph: {error}") from None
    say(f"{forgotten:,} files forgotten, {removed:,} objects removed.")

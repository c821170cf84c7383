"""`cgraph search`: status, reindex."""

from collections.abc import Sequence
from datetime import datetime
from time import perf_counter
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from rich.table import Table

from cgraph import configuration, search
from cgraph.search import SCANNED, Rebuild
from cgraph.searchable import Kind
from cgraph_kit import clock
from cgraph_kit.db import Database

from .node import application
from .output import Failure, Report, console, progress, say

Flag = Annotated[bool, Parameter(negative="", show_default=False)]
Many = Annotated[list[Kind] | None, Parameter(negative="")]

command = App(
    name="search",
    help="""
    Look at the index behind search, and have it written anew.

    Works beside `cgraph serve` and `cgraph work`, which keep it in step with what people write.

    For example:

    - `cgraph search status` tells how far it is behind
    - `cgraph search reindex --kind post` writes all posts anew, while people go on searching
    """,
    help_format="markdown",
)


class Status(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    backend: str
    documents: int
    words: int
    bytes: int
    waiting: int
    lag_seconds: float
    rebuilds: Sequence[Rebuild]


@command.command
async def status(*, json: Flag = False) -> None:
    """How much can be found, how far that is behind, and what has been written anew when.

    For example:

    - `cgraph search status`
    - `cgraph search status --json`

    Parameters
    ----------
    json
        One JSON object.
    """
    async with application(configuration.read()) as app:
        volume, lag = await app.search.volume(), await search.get_lag(app.db)
        rebuilds = await search.list_rebuilds(app.db)
        name = app.search.name
    if json:
        whole = Status(
            name, volume.documents, volume.words, volume.bytes, lag.changes, lag.seconds, rebuilds
        )
        say(msgspec.json.encode(whole).decode())
        return
    say(f"{name}: about {volume.documents:,} documents, {volume.words:,} words, {_size(volume)}")
    waiting = f"{lag.changes:,} changes wait, for {lag.seconds:.1f} s"
    say(waiting if lag.changes else "Nothing waits: what has been written is found.")
    table = Table("kind", "written", "of about", "begun", "", box=None, pad_edge=False)
    for one in rebuilds:
        ended = f"done {_time(one.finished_at)}" if one.finished_at else "under way"
        table.add_row(one.kind, f"{one.done:,}", f"{one.about:,}", _time(one.started_at), ended)
    console().print(table)


@command.command
async def reindex(
    *, kind: Many = None, anew: Flag = False, beside: Flag = False, later: Flag = False
) -> None:
    """Write everything anew, or some kinds of things, while people go on searching and writing.

    Interrupted, it goes on where it was: with the same command, and with the next minute wherever jobs are done.

    For example:

    - `cgraph search reindex`
    - `cgraph search reindex --kind user --kind group`

    Parameters
    ----------
    kind
        Only these; may be repeated: message, post, comment, user, group, channel, forum. Files come with what they hang on.
    anew
        Begin again, also where it is under way.
    beside
        Into an index of its own, which is searched in place of the present one once it is whole; in OpenSearch.
    later
        Leave it to the jobs.
    """
    if kind and "file" in kind:
        raise Failure("cgraph: files are written with what they hang on: name that")
    if kind and beside:
        raise Failure("cgraph: an index of its own is of all kinds")
    kinds = tuple(kind) if kind else SCANNED
    async with application(configuration.read()) as app:
        if beside:
            await _begin_beside(app.search)
        if anew or beside or not await _under_way(app.db, kinds):
            await search.begin_rebuild(app.db, kinds)
        if later:
            say("It begins within a minute.")
            return
        begun = perf_counter()
        with progress("reindexing") as report:
            while await search.rebuild_some(app.db, app.search, kinds):
                await _tell(app.db, kinds, report)
        done = sum(one.done for one in await search.list_rebuilds(app.db) if one.kind in kinds)
    say(f"Wrote {done:,} documents in {perf_counter() - begun:,.0f} s.")


async def _begin_beside(index: search.SearchBackend) -> None:
    if not isinstance(index, search.OpenSearchIndex):
        raise Failure("cgraph: PostgreSQL has one index: leave --beside out")
    await index.begin_beside()


async def _under_way(db: Database, kinds: Sequence[Kind]) -> bool:
    rebuilds = await search.list_rebuilds(db)
    return any(one.finished_at is None and one.kind in kinds for one in rebuilds)


async def _tell(db: Database, kinds: Sequence[Kind], report: Report) -> None:
    some = [one for one in await search.list_rebuilds(db) if one.kind in kinds]
    now = next((one.kind for one in some if one.finished_at is None), "")
    done = sum(one.done for one in some)
    report(done, max(done, sum(one.about for one in some)), f"{now}s" if now else "")


def _size(volume: search.Volume) -> str:
    return f"{volume.bytes / 1_000_000:,.0f} MB"


def _time(at: datetime) -> str:
    """How long ago."""
    seconds = (clock.now() - at).total_seconds()
    return f"{seconds / 60:,.0f} min ago" if seconds >= 60 else f"{max(0, seconds):.0f} s ago"  # noqa: PLR2004

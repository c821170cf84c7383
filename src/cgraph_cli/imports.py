"""`cgraph import`: jsonl, slack, irc, discourse, lemmy."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter
from rich.table import Table
from rich.text import Text

from cgraph import accounts, configuration, imports
from cgraph.imports import Options, Reader, Report, Unreadable
from cgraph_kit.db import Database

from .node import application
from .output import Failure, console, progress, say

Flag = Annotated[bool, Parameter(negative="", show_default=False)]

command = App(
    name="import",
    help="""
    Take over people, conversations, groups and forums from other systems.

    Importing again adds only what is new; `--dry-run` writes nothing. It may run beside `cgraph serve`.
    docs/guides/import.md says what becomes of what.
    """,
    help_format="markdown",
)


@Parameter(name="*")
@dataclass(frozen=True)
class How:
    """What every import can be told."""

    dry_run: Flag = False
    """Read and check everything, write nothing."""
    report: Path | None = None
    """Write counts and every problem to this file, as JSON."""
    source: str | None = None
    """Which system the ids come from; for exports that would use the same ids for different things."""
    add: Annotated[list[str] | None, Parameter(negative="")] = None
    """Username of an account that shall take part in every imported group; may be repeated."""
    match_emails: Flag = False
    """Somebody whose e-mail address belongs to an account here is that account."""


DEFAULT = How()
NOTED = ("messages", "posts", "comments")
"""What a progress bar counts."""
PARTS = frozenset({"replies", "reactions", "pins"})
"""Of messages: there when they are."""
ALWAYS = ("users", "conversations", "messages", "replies", "reactions", "pins")
SOMETIMES = (
    *("groups", "channels", "members"),
    *("forums", "subscriptions", "posts", "comments", "votes"),
)
"""What only some systems have."""


@command.command
async def jsonl(path: str, /, *, how: How = DEFAULT) -> None:
    """Our own format, one JSON object a line, plain or gzipped.

    For example:

    - `cgraph import jsonl archive.jsonl.gz --dry-run --report problems.json`
    - `zcat archive.gz | cgraph import jsonl -`

    Parameters
    ----------
    path
        The file; `-` is standard input.
    """
    await _import(lambda: imports.JsonLines(path, how.source), how)


@command.command
async def slack(path: str, /, *, as_group: str | None = None, how: How = DEFAULT) -> None:
    """The export of a Slack workspace: its zip file, or the directory it was unpacked into.

    For example:

    - `cgraph import slack export.zip --add alice --match-emails`
    - `cgraph import slack export.zip --as-group "Our workspace"`

    Parameters
    ----------
    path
        The zip file or directory.
    as_group
        Make the workspace a group of this name, and its channels channels of that; private ones are seen by those who
        were in them. Without it each channel becomes a conversation of its members.
    """
    await _import(lambda: imports.SlackExport(path, how.source, as_group), how)


@command.command
async def irc(path: str, /, *, how: How = DEFAULT) -> None:
    """Chat logs as JSON lines: each log a conversation, each nick a person.

    For example:

    - `cgraph import irc logs.jsonl.gz --add alice`

    Parameters
    ----------
    path
        The file, plain or gzipped; `-` is standard input.
    """
    await _import(lambda: imports.ChatLog(path, how.source), how)


@command.command
async def discourse(path: str, /, *, how: How = DEFAULT) -> None:
    """The backup of a Discourse forum: the archive it makes itself, or the dump.sql.gz inside.

    For example:

    - `cgraph import discourse forum-2024-05-01.tar.gz --dry-run`

    Parameters
    ----------
    path
        The file.
    """
    await _import(lambda: imports.Discourse(path, how.source), how)


@command.command
async def lemmy(path: str, /, *, how: How = DEFAULT) -> None:
    """The database of a Lemmy instance, as pg_dump writes it in plain text, compressed or not.

    For example:

    - `pg_dump lemmy | gzip > lemmy.sql.gz`, then `cgraph import lemmy lemmy.sql.gz`

    Parameters
    ----------
    path
        The file.
    """
    await _import(lambda: imports.Lemmy(path, how.source), how)


async def _import(open_reader: Callable[[], Reader], how: How) -> None:
    settings = configuration.read()
    try:
        reader = open_reader()
    except Unreadable as error:
        raise Failure(f"cgraph: {error}") from None
    async with application(settings) as running:
        options = Options(
            dry_run=how.dry_run,
            match_emails=how.match_emails,
            add=await _accounts(running.db, how.add or []),
            limits=running.limits.messaging,
        )
        with progress("importing") as told:
            report = await imports.load(
                running.db,
                reader,
                options,
                progress=lambda so_far: told(reader.done, reader.total, _note(so_far)),
            )
    if how.report is not None:
        _keep(how.report, report)
    show(report, how.report)


async def _accounts(db: Database, names: list[str]) -> tuple[UUID, ...]:
    found = await accounts.get_people_by_usernames(db, names)
    for name in names:
        if name.lower() not in found:
            raise Failure(f"cgraph: there is no account {name}")
    return tuple(person.id for person in found.values())


def _keep(path: Path, report: Report) -> None:
    try:
        path.write_bytes(report.json() + b"\n")
    except OSError as error:
        raise Failure(f"cgraph: the report cannot be written: {error}") from None


def _note(report: Report) -> str:
    counts = {kind: report.taken[kind] + report.known[kind] for kind in NOTED}
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)


def show(report: Report, path: Path | None) -> None:
    """The counts, then the problems by kind with an example of each."""
    screen = console()
    say("Nothing was written: this is what an import would do." if report.dry_run else "Imported.")
    counts = Table("", "new", "already there", box=None, pad_edge=False)
    for column in counts.columns[1:]:
        column.justify = "right"
    for kind in (*ALWAYS, *SOMETIMES):
        if kind in SOMETIMES and not report.taken[kind] and not report.known[kind]:
            continue
        there = "" if kind in PARTS else f"{report.known[kind]:,}"
        counts.add_row(kind, f"{report.taken[kind]:,}", there)
    screen.print(counts)
    problems = report.summary()
    if not problems:
        return
    screen.print()
    table = Table("count", "outcome", "what", "for example", box=None, pad_edge=False)
    for each in problems:
        example = ": ".join(filter(None, (each.first.where, each.first.detail)))
        table.add_row(f"{each.count:,}", each.outcome, Text(each.reason), Text(_printable(example)))
    screen.print(table)
    if path is None:
        say("\n--report FILE lists them all.")


def _printable(text: str) -> str:
    """Without what could steer a terminal: this comes from files of other people."""
    return "".join(character if character.isprintable() else "�" for character in text)

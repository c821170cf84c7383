"""A workspace's export: people, places, and one file per place and day."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal, TypeVar

import msgspec

from cgraph.imports.records import Conversation, Item, Pin, Problem, Unreadable, User

from . import said as saying
from .archive import Refused, open_archive
from .group import CHANNELS, channel, workspace
from .shapes import Member, Pinned, Place, Said

T = TypeVar("T")

PEOPLE = ("users.json", "org_users.json")
PLACES = ("channels.json", "groups.json", "mpims.json", "dms.json")
NAMELESS = ("mpims.json", "dms.json")
"""Their names are made of ids or of the members' names."""


class SlackExport:
    """Reads people first, then place by place, each in order of time.

    The source is the workspace's id where the export tells it, else `slack`; two workspaces without one need names
    of their own. `as_group`: what a group is called that public and private channels shall be channels of; None: they
    become conversations of their members. Raises `Unreadable` when it is not an export.
    """

    def __init__(self, path: str, source: str | None = None, as_group: str | None = None) -> None:
        self._as_group = as_group
        self._archive = open_archive(Path(path))
        self._root = _root(self._archive.sizes, path)
        self._problems: list[Problem] = []
        self._members = [member for file in PEOPLE for member in self._entries(file, Member)]
        self._places = [(file, place) for file in PLACES for place in self._entries(file, Place)]
        self._channels = {place.id: place.name or place.id for _, place in self._places}
        self._known = {member.id for member in self._members}
        team = next((member.team_id for member in self._members if member.team_id), None)
        self.source = source or (f"slack:{team}" if team else "slack")
        self._folders = _folders(self._archive.sizes, self._root)
        self._days = {place.id: self._days_of(place) for _, place in self._places}
        self.total: int | None = sum(
            self._archive.sizes[day] for days in self._days.values() for day in days
        )
        self.done = 0

    def __iter__(self) -> Iterator[Item | Problem]:
        try:
            yield from self._problems
            for member in self._members:
                yield Item(f"users.json, {member.id}", _user(member))
            if self._as_group is not None:
                yield from workspace(self._as_group, self._members, self._places)
            for file, place in self._places:
                where = f"{file}, {place.id}"
                if self._as_group is not None and file in CHANNELS:
                    yield Item(where, channel(file, place, _created(place.created)))
                else:
                    yield Item(where, _conversation(file, place))
                pins = {pinned.id: _pin(pinned) for pinned in place.pins}
                for day in self._days[place.id]:
                    yield from self._day(day, place, pins)
                    self.done += self._archive.sizes[day]
            yield from self._strays()
        finally:
            self._archive.close()

    def _day(self, day: str, place: Place, pins: dict[str, Pin]) -> Iterator[Item | Problem]:
        name = day.removeprefix(self._root)
        found: list[tuple[str, Said]] = []
        try:
            entries = _list(self._archive.read(day))
        except Refused as error:
            yield Problem(name, "a file cannot be read", str(error))
            return
        for number, raw in enumerate(entries, 1):
            where = f"{name}, message {number}"
            try:
                found.append((where, msgspec.json.decode(raw, type=Said)))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                yield Problem(where, "not a message", str(error))
        for where, said in sorted(found, key=lambda entry: _order(entry[1].ts)):
            yield from self._said(where, said, place, pins)

    def _said(
        self, where: str, said: Said, place: Place, pins: dict[str, Pin]
    ) -> Iterator[Item | Problem]:
        if said.subtype not in saying.SPOKEN or said.type != "message":
            reason = f"tells of the channel: {said.subtype or said.type}"
            yield Problem(where, reason, said.ts, "left out")
            return
        try:
            message = saying.message(said, place.id, self._channels, pins)
        except ValueError as error:
            yield Problem(where, "not a message", str(error))
            return
        if not message.author:
            yield Problem(where, "nobody is named as its author", said.ts)
            return
        if message.author not in self._known:
            self._known.add(message.author)
            yield Item(where, _stranger(said))
        yield Item(where, message)
        yield from saying.losses(said, where)

    def _entries(self, file: str, type: type[T]) -> list[T]:
        """The entries of one of the export's lists; none where it has no such list."""
        if self._root + file not in self._archive.sizes:
            return []
        found = []
        try:
            entries = _list(self._archive.read(self._root + file))
        except Refused as error:
            self._problems.append(Problem(file, "a file cannot be read", str(error)))
            return []
        for number, raw in enumerate(entries, 1):
            try:
                found.append(msgspec.json.decode(raw, type=type))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                where = f"{file}, entry {number}"
                self._problems.append(Problem(where, "not an entry of the list", str(error)))
        return found

    def _days_of(self, place: Place) -> list[str]:
        """The files of a place, oldest first. They stand in a folder of its name, or else of its id."""
        for name in (place.name, place.id):
            if name and name in self._folders:
                return self._folders[name]
        return []

    def _strays(self) -> Iterator[Problem]:
        """Folders of which no list tells whose they are."""
        known = {day for days in self._days.values() for day in days}
        for folder, days in self._folders.items():
            if known.isdisjoint(days):
                yield Problem(folder, "a folder that no list of channels names")


def _folders(files: Iterable[str], root: str) -> dict[str, list[str]]:
    """The files of each folder, by name: days are named so that this is their order."""
    found: dict[str, list[str]] = {}
    for file in sorted(files):
        folder, slash, rest = file.removeprefix(root).partition("/")
        if file.startswith(root) and slash and "/" not in rest:
            found.setdefault(folder, []).append(file)
    return found


def _root(files: dict[str, int], path: str) -> str:
    """The folder the export stands in, with its slash: people repack exports."""
    found = [file for file in files if PurePosixPath(file).name in PEOPLE]
    if not found:
        raise Unreadable(f"{path}: no users.json in it: not an export of a workspace")
    top = min(found, key=lambda file: file.count("/"))
    return top.removesuffix(PurePosixPath(top).name)


def _list(data: bytes) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"not a JSON list: {error}") from None


def _order(ts: str) -> tuple[int, str]:
    """Times compare as numbers; what is none comes first, to be found wanting."""
    seconds, _, fraction = ts.partition(".")
    return (int(seconds) if seconds.isdecimal() and seconds.isascii() else -1, fraction)


def _user(member: Member) -> User:
    profile = member.profile
    return User(
        id=member.id,
        username=member.name or profile.display_name or member.id,
        display_name=profile.display_name or profile.real_name or member.real_name or member.name,
        email=profile.email,
        active=not member.deleted,
    )


def _stranger(said: Said) -> User:
    """Somebody who wrote without being in users.json: a bot, or a guest of another workspace."""
    id = saying.author(said)
    profile = said.user_profile or said.bot_profile
    name = said.username or (profile and (profile.display_name or profile.name)) or id
    shown = (profile and (profile.real_name or profile.name)) or name
    return User(id=id, username=name, display_name=shown)


def _conversation(file: str, place: Place) -> Conversation:
    return Conversation(
        id=place.id,
        type=_type(file, place),
        name=None if file in NAMELESS else place.name,
        owner=place.creator,
        participants=place.members,
        inserted_at=_created(place.created),
    )


def _type(file: str, place: Place) -> Literal["group", "direct", "self"]:
    people = len(set(place.members or ()))
    if file != "dms.json" or people > 2:  # noqa: PLR2004
        return "group"
    return "self" if people == 1 else "direct"


def _pin(pinned: Pinned) -> Pin:
    return Pin(user=pinned.owner or pinned.user, at=_created(pinned.created))


def _created(seconds: int | None) -> datetime | None:
    """A time the export gives in whole seconds; None where it gives nonsense."""
    try:
        return saying.instant(str(seconds)) if seconds else None
    except ValueError:
        return None

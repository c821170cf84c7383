"""From a reader into the contexts: in batches, each whole or not at all."""

from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

import msgspec

from cgraph import groups, messaging
from cgraph.messaging import ImportedMessage
from cgraph_kit import clock
from cgraph_kit.db import Repo, UniqueViolation
from cgraph_kit.errors import Conflict

from .batch import Found, prepare
from .boards import Boards
from .communities import Communities
from .people import AT_ONCE, People
from .places import Place, Places
from .records import (
    Channel,
    Conversation,
    Forum,
    Group,
    Item,
    Member,
    Message,
    Problem,
    Reader,
    Said,
    Subscription,
    User,
)
from .report import Report

BATCH = 5_000

Progress = Callable[[Report], None]


class ImportRunning(Conflict):
    """Another import of the same source was faster; what this one has written stays."""

    code = "import_running"
    default = "another import from this source is running: let it end, then start again"


class Options(msgspec.Struct, frozen=True):
    """How to import."""

    dry_run: bool = False
    """Read and check everything, write nothing."""
    match_emails: bool = False
    """Somebody whose address belongs to an account here is that account."""
    add: tuple[UUID, ...] = ()
    """Accounts that take part in every group."""
    limits: messaging.Limits = messaging.DEFAULT_LIMITS
    batch: int = BATCH
    """Messages written in one transaction."""


async def load(
    db: Repo,
    reader: Reader,
    options: Options | None = None,
    *,
    progress: Progress = lambda _report: None,
) -> Report:
    """Take over what the reader finds. Again: only what is new.

    Raises `ImportRunning`; whatever it raises, each batch is there whole or not at all. `progress` is called after each
    with what there is to tell so far.
    """
    loader = _Loader(db, reader.source, options or Options(), progress)
    try:
        for item in reader:
            await loader.take(item)
        await loader.finish()
    except UniqueViolation as error:
        raise ImportRunning from error
    return loader.report


class _Loader:
    def __init__(self, db: Repo, source: str, options: Options, progress: Progress) -> None:
        self.report = Report(source, dry_run=options.dry_run)
        self._db = db
        self._options = options
        self._progress = progress
        self._people = People(self.report, match_emails=options.match_emails)
        self._communities = Communities(self.report, self._people, options.add, options.batch)
        self._places = Places(self.report, self._people, self._communities, options.add)
        self._boards = Boards(self.report, self._people, options.batch)
        self._current: str | None = None
        """The conversation whose messages are being gathered."""
        self._found: list[Found] = []
        self._met: set[int] = set()

    async def take(self, item: Item | Problem) -> None:
        if isinstance(item, Problem):
            self.report.add(item)
            return
        match item.record:
            case User() as user:
                self._people.add(item.where, user)
                if self._people.waiting >= AT_ONCE:
                    await self._people.settle(self._db)
            case Conversation() as conversation:
                await self._turn_to(conversation.id)
                self._places.describe(item.where, conversation)
            case Message() as message:
                await self._turn_to(message.conversation)
                self._found.append((item.where, message))
            case Group() | Channel() | Member() as one:
                await self._take_of_group(item.where, one)
            case other:
                await self._take_of_forum(item.where, other)

    async def _take_of_group(self, where: str, one: Group | Channel | Member) -> None:
        match one:
            case Group():
                await self._communities.make(self._db, where, one)
            case Channel():
                await self._communities.open(self._db, where, one)
            case Member():
                await self._communities.join(self._db, where, one)

    async def _take_of_forum(self, where: str, one: Forum | Subscription | Said) -> None:
        before = self.report.taken["posts"] + self.report.taken["comments"]
        match one:
            case Forum():
                await self._boards.make(self._db, where, one)
            case Subscription():
                await self._boards.follow(self._db, where, one)
            case _:
                await self._boards.say(self._db, where, one)
        if self.report.taken["posts"] + self.report.taken["comments"] != before:
            self._progress(self.report)

    async def finish(self) -> None:
        await self._write()
        await self._communities.write(self._db)
        await self._boards.write(self._db)
        await self._people.settle(self._db)
        self._progress(self.report)

    async def _turn_to(self, conversation: str) -> None:
        if conversation != self._current:
            await self._write()
            self._current = conversation
            self._met.clear()
        elif len(self._found) >= self._options.batch:
            await self._write()

    async def _write(self) -> None:
        """What has been gathered of the current conversation, which may be nothing but its description."""
        if self._current is None:
            return
        found, self._found = self._found, []
        await self._communities.write(self._db)
        await self._people.settle(self._db)
        await self._people.look_up(self._db, _named(found) | self._places.named(self._current))
        place = await self._places.find(self._db, self._current)
        if place is None:
            for where, message in found:
                reason = "its conversation is not in the export"
                self.report.lost(where, reason, message.conversation)
        elif self._options.dry_run:
            await self._batch(self._db, place, found)
        else:
            await self._commit(place, found)
            # The next batch finds this one's messages in the database.
            self._met.clear()
        self._progress(self.report)

    async def _commit(self, place: Place, found: list[Found]) -> None:
        async with self._db.transaction() as tx:
            place = await self._places.ready(tx, place)
            messages = await self._batch(tx, place, found)
            if place.everybody and place.kind == "group":
                authors = dict.fromkeys(message.sender_id for message in messages)
                await messaging.import_participants(tx, place.id, list(authors), clock.now())
            if place.group_id is None:
                await messaging.import_messages(tx, place.id, messages)
            else:
                said = {place.id: messages}
                await groups.import_channel_messages(tx, place.group_id, said)
        self._places.settle(place)

    async def _batch(self, db: Repo, place: Place, found: list[Found]) -> list[ImportedMessage]:
        return await prepare(
            db,
            found,
            place=place,
            met=self._met,
            people=self._people,
            report=self.report,
            message_max=self._options.limits.message_max,
        )


def _named(found: Iterable[Found]) -> set[str]:
    """Everybody the messages name."""
    return {external for _, message in found for external in _people_of(message)}


def _people_of(message: Message) -> Iterator[str]:
    yield message.author
    yield from message.mentions.values()
    for reaction in message.reactions:
        yield from reaction.users
    if message.pinned and message.pinned.user:
        yield message.pinned.user

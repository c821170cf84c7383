"""Declaring what can be done later: `@job` makes a `Worker` of an async function."""

import inspect
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

import msgspec

from cgraph_kit.db import Repo

from .enqueue import Declared, Options, insert
from .job import Enqueued
from .results import Result
from .results import backoff as exponential
from .unique import OnePending, Unique

Context = TypeVar("Context")
Args = TypeVar("Args", bound=msgspec.Struct)
Handler = Callable[[Context, Args], Awaitable[Result]]
Backoff = Callable[[int, int], float]

PRIORITIES = range(10)
"""The lower goes first."""
RESERVED = frozenset(("schedule_in", "scheduled_at", "priority", "tags", "meta"))
"""Names that `enqueue` keeps for itself."""


Inline = Callable[["Worker[Any, Any]", Any], Awaitable[Enqueued]]
inline_mode: ContextVar[Inline | None] = ContextVar("inline_mode", default=None)
"""Set by tests: what does a job in place of inserting it."""


class Worker(Generic[Context, Args]):
    """A function that is called later, with a context and typed arguments, at least once."""

    def __init__(
        self,
        handler: Handler[Context, Args],
        declared: Declared,
        *,
        timeout: float | None,
        backoff: Backoff,
    ) -> None:
        self.handler = handler
        self.declared = declared
        self.timeout = timeout
        """Seconds one run may take; None: as long as it likes."""
        self.backoff = backoff
        """Seconds to wait after a failed attempt, given its number and how many there are."""
        self.args: type[Args] = _arguments_of(handler)
        self._decode = msgspec.json.Decoder(self.args).decode
        self.__doc__ = inspect.getdoc(handler)

    @property
    def name(self) -> str:
        return self.declared.worker

    @property
    def queue(self) -> str:
        return self.declared.queue

    def decode(self, args: str) -> Args:
        """Arguments as they were stored. Raises `msgspec.ValidationError`."""
        return self._decode(args)

    async def enqueue(
        self,
        db: Repo,
        /,
        *,
        schedule_in: float | None = None,
        scheduled_at: datetime | None = None,
        priority: int | None = None,
        tags: Iterable[str] = (),
        meta: dict[str, Any] | None = None,
        **args: Any,
    ) -> Enqueued:
        """Have it done once this transaction is committed; not before `scheduled_at`, or so many seconds from now.

        The job that is there already if it is unique and there is one. Raises `TypeError` for arguments it does not take.
        """
        options = Options(schedule_in, scheduled_at, priority, tuple(tags), meta or {})
        (enqueued,) = await self._insert(db, [self._checked(args)], options)
        return enqueued

    async def enqueue_all(
        self,
        db: Repo,
        jobs: Iterable[Args],
        /,
        *,
        schedule_in: float | None = None,
        scheduled_at: datetime | None = None,
        priority: int | None = None,
        tags: Iterable[str] = (),
        meta: dict[str, Any] | None = None,
    ) -> list[Enqueued]:
        """Many at once, in one statement. The answer is in their order."""
        options = Options(schedule_in, scheduled_at, priority, tuple(tags), meta or {})
        return await self._insert(db, list(jobs), options)

    async def _insert(self, db: Repo, jobs: list[Args], options: Options) -> list[Enqueued]:
        if do := inline_mode.get():
            return [await do(self, job) for job in jobs]
        return await insert(db, self.declared, jobs, options)

    def _checked(self, args: dict[str, Any]) -> Args:
        """What could not be decoded when its time comes is refused now."""
        made = self.args(**args)
        self._decode(msgspec.json.encode(made))
        return made

    def __repr__(self) -> str:
        return f"<job {self.name}>"


def job(
    *,
    queue: str = "default",
    max_attempts: int = 20,
    priority: int = 0,
    unique: Unique | OnePending | None = None,
    timeout: float | None = None,
    backoff: Backoff = exponential,
    tags: Iterable[str] = (),
    name: str | None = None,
) -> Callable[[Handler[Context, Args]], Worker[Context, Args]]:
    """Make a job of `async def name(context, args: AStruct)`.

    It is stored under the function's name, or under `name`: whoever renames it leaves those behind that wait. Its
    docstring says why running twice is harmless.
    """

    def declare(handler: Handler[Context, Args]) -> Worker[Context, Args]:
        known = name or cast("Any", handler).__name__
        declared = Declared(known, queue, max_attempts, priority, unique, tuple(tags))
        worker = Worker(handler, declared, timeout=timeout, backoff=backoff)
        _check(worker)
        return worker

    return declare


def _arguments_of(handler: Handler[Context, Args]) -> type[Args]:
    parameters = list(inspect.signature(handler).parameters.values())
    found = parameters[1].annotation if len(parameters) == 2 else None  # noqa: PLR2004
    if not (isinstance(found, type) and issubclass(found, msgspec.Struct)):
        raise TypeError(f"{handler} must take a context and a msgspec.Struct, annotated as such")
    return cast("type[Args]", found)


def _check(worker: Worker[Any, Any]) -> None:
    declared, fields = worker.declared, worker.args.__struct_fields__
    keys = declared.unique.keys if declared.unique else ()
    problems = [f"{name} is no argument" for name in keys if name not in fields]
    problems += [f"{name} is an option of enqueue" for name in fields if name in RESERVED]
    if declared.priority not in PRIORITIES:
        problems.append("priorities are 0 to 9")
    if declared.max_attempts < 1:
        problems.append("it needs at least one attempt")
    if not inspect.iscoroutinefunction(worker.handler):
        problems.append("it must be an async function")
    if problems:
        raise TypeError(f"job {worker.name}: {', '.join(problems)}")

"""What embedded servers have in common: one directory, one child process, one Unix socket."""

import asyncio
import logging
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar, cast

from .account import Account, unprivileged
from .directory import locked, open_log, socket_directory, tail
from .errors import DirectoryUnusable, Ended, EngineError, StartFailed
from .process import Child, send, spawn, survivors

logger = logging.getLogger(__name__)

POLL = 0.01
LEFTOVER_STEPS = ((10.0, signal.SIGQUIT), (3.0, signal.SIGKILL))
"""Seconds an earlier server gets, and the signal after them."""


class Server(ABC):
    """A server process on `data_dir`, which is made when missing and belongs to it alone.

    In the directory: `lock`, `server.log`, `run` (a link to the socket's directory while it runs)
    and the data. One process at a time has it; a killed one leaves nothing to clean up by hand.
    `start` and `stop` block and may be called from any thread; `running()` is for asyncio.
    """

    name: ClassVar[str]
    socket_name: ClassVar[str]
    """The longest file name the server makes beside its socket."""
    stop_steps: ClassVar[Sequence[tuple[signal.Signals, float]]]
    """Signals, mildest first, with the seconds to wait after each. Their sum stays below 5."""

    def __init__(self, data_dir: Path, *, start_timeout: float) -> None:
        self.data_dir = data_dir
        self.socket_dir = Path()
        """Private to the server's user (and root). Valid while it runs."""
        self.version = ""
        self.start_timeout = start_timeout
        self._account: Account | None = None
        self._program = Path()
        self._child: Child | None = None
        self._given_up = threading.Event()
        self._owned = ExitStack()

    @property
    def pid(self) -> int:
        if self._child is None:
            raise EngineError(f"{self.name} was not started")
        return self._child.pid

    @property
    def is_running(self) -> bool:
        return self._child is not None and not self._child.exited.is_set()

    @property
    def log_file(self) -> Path:
        return self.data_dir / "server.log"

    def start(self) -> Self:
        """Return when the server answers.

        Raises AlreadyRunning at once when another process has the directory, else
        DirectoryUnusable, BinariesMissing, VersionMismatch or StartFailed. Nothing is left running
        or locked then.
        """
        try:
            with ExitStack() as owned:
                self._open(owned)
                self._owned = owned.pop_all()
        except OSError as error:
            reason = error.strerror or str(error)
            raise DirectoryUnusable(f"{error.filename or self.data_dir}: {reason}") from error
        return self

    def stop(self) -> None:
        """End the server within 5 s and let the directory go. Again: nothing happens."""
        self._owned.close()

    def on_loss(self, tell: Callable[[], object]) -> None:
        """Call `tell` once, in a thread of its own, should the running server end by itself."""
        if self._child is not None:
            self._child.on_loss = tell

    def give_up(self) -> None:
        """Make a `start` that is under way in another thread fail soon."""
        self._given_up.set()

    def _open(self, owned: ExitStack) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.data_dir = self.data_dir.resolve()
        self._account = unprivileged(self._data)
        owned.enter_context(locked(self.data_dir, self._account))
        self._prepare()
        self.socket_dir = owned.enter_context(
            socket_directory(self.data_dir / "run", self._account, self.socket_name)
        )
        with self._spawned(self._command(), self._data, self.stop_steps[0][0]) as self._child:
            owned.callback(self._end, self._child)
            self._await(self._child, self._answers, f"{self.name} did not start")
        self._child.expected = False

    @property
    @abstractmethod
    def _data(self) -> Path:
        """The server's working directory, inside `data_dir`."""

    @abstractmethod
    def _prepare(self) -> None:
        """Find the program, see off what an earlier run left, make the data directory."""

    @abstractmethod
    def _command(self) -> Sequence[str | Path]: ...

    @abstractmethod
    def _answers(self) -> bool: ...

    @property
    def _token(self) -> str:
        """Marks our processes as belonging to this directory, wherever that is moved or mounted."""
        status = self.data_dir.stat()
        return f"engine-{status.st_dev:x}-{status.st_ino:016x}"

    def _make(self, directory: Path) -> None:
        """Private, and the server's own; data that root has copied here is handed over."""
        directory.mkdir(mode=0o700, exist_ok=True)
        if self._account is not None and directory.lstat().st_uid != self._account.uid:
            self._account.own(directory)

    @contextmanager
    def _spawned(
        self, command: Sequence[str | Path], directory: Path, death_signal: signal.Signals
    ) -> Iterator[Child]:
        """A child whose last log lines become part of a StartFailed raised inside."""
        with open_log(self.log_file, self._account) as log:
            start = self.log_file.stat().st_size
            child = spawn(
                command,
                name=self.name,
                directory=directory,
                log=log,
                account=self._account,
                death_signal=death_signal,
            )
        try:
            yield child
        except StartFailed as failure:
            raise StartFailed(str(failure), tail(self.log_file, start)) from None

    def _await(self, child: Child, done: Callable[[], bool], complaint: str) -> None:
        deadline = time.monotonic() + self.start_timeout
        while not done():
            if child.exited.wait(POLL) and not done():
                raise StartFailed(f"{complaint}: it ended with status {child.status}")
            if self._given_up.is_set():
                raise StartFailed(f"{complaint}: given up")
            if time.monotonic() > deadline:
                raise StartFailed(f"{complaint} within {self.start_timeout:.0f} s")

    def _end(self, child: Child) -> None:
        child.expected = True
        for number, patience in self.stop_steps:
            child.signal(number)
            if child.exited.wait(patience):
                return

    def _end_leftovers(self, told: Iterable[int] = ()) -> None:
        """Wait for a server whose manager was killed; `told` are asked to stop, in case nobody did.

        The kernel did on Linux. Only processes that carry this directory's token count, and we hold
        the lock: nobody else can be in charge of them.
        """
        left = self._leftovers()
        if left:
            logger.info("waiting for the %s of an earlier run (%s) to stop", self.name, left)
        send(set(told) & set(left), self.stop_steps[0][0])
        for patience, number in LEFTOVER_STEPS:
            if self._no_leftovers_within(patience):
                return
            send(self._leftovers(), number)
        if not self._no_leftovers_within(LEFTOVER_STEPS[-1][0]):
            raise StartFailed(f"processes {self._leftovers()} use {self.data_dir} and do not stop")

    def _leftovers(self) -> list[int]:
        return survivors(self._program.name, self._token)

    def _no_leftovers_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._leftovers():
            if time.monotonic() > deadline:
                return False
            if self._given_up.wait(5 * POLL):
                raise StartFailed("given up while an earlier server was stopping")
        return True


S = TypeVar("S", bound=Server)


@asynccontextmanager
async def running(server: S) -> AsyncIterator[S]:
    """The server, started on entry and stopped on exit, in threads; cancellation leaks nothing.

    Should it end by itself, what runs inside is cancelled and `Ended` is raised.
    """
    start = asyncio.create_task(asyncio.to_thread(server.start))
    try:
        await asyncio.shield(start)
    except asyncio.CancelledError:
        server.give_up()
        await asyncio.wait([start])
        if start.exception() is None:
            await _stop(server)
        raise
    try:
        with _watched(server):
            yield server
    finally:
        await _stop(server)


@contextmanager
def _watched(server: Server) -> Iterator[None]:
    loop, owner = asyncio.get_running_loop(), cast("asyncio.Task[Any]", asyncio.current_task())
    lost = False

    def interrupt() -> None:
        nonlocal lost
        lost = True
        owner.cancel()

    server.on_loss(lambda: loop.call_soon_threadsafe(interrupt))
    try:
        yield
    except asyncio.CancelledError:
        if lost and not owner.uncancel():
            raise Ended(f"{server.name} has ended by itself: see {server.log_file}") from None
        raise


async def _stop(server: Server) -> None:
    # a second Ctrl-C stops the waiting, not the stopping: the loop joins its threads when it closes
    await asyncio.shield(asyncio.to_thread(server.stop))

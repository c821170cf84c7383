"""One child process that does not outlive us, and the processes an earlier run may have left."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from .account import Account
from .errors import StartFailed

logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
# looked up here: between fork and exec even that could wait for a lock for ever
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


class Child:
    """A server process with a thread of its own that starts it, waits for it and reaps it.

    On Linux the kernel sends `death_signal` when the *thread* that forked ends, however it ends; a
    thread of a pool would take the server with it. This one lives exactly as long as the server, and
    dies with the process. The child has its own session: Ctrl-C in a terminal does not reach it.
    """

    def __init__(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        self.name = name
        self.pid = process.pid
        self.exited = threading.Event()
        self.expected = True
        """Set to False while the end of the process would be news."""
        self.on_loss: Callable[[], object] = lambda: None
        """Told of such an end, in the thread that waits for it."""
        self._process = process

    @property
    def status(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._process.returncode if self.exited.is_set() else None

    def signal(self, number: signal.Signals) -> None:
        """Nothing happens where it has ended already."""
        self._process.send_signal(number)

    def keep(self) -> None:
        self._process.wait()
        self.exited.set()
        if not self.expected:
            logger.error("%s (process %d) ended by itself: %s", self.name, self.pid, self.status)
            self.on_loss()


def spawn(
    command: Sequence[str | Path],
    *,
    name: str,
    directory: Path,
    log: int,
    account: Account | None,
    death_signal: signal.Signals,
) -> Child:
    """Start `command` in `directory` as `account`, its output going to the file descriptor `log`.

    The environment is a fixed, small one: PG* and LC_* variables of ours would change the server.
    Raises StartFailed where the program cannot be executed.
    """
    started: Future[Child] = Future()
    parent = os.getpid()

    def keep() -> None:
        try:
            process = subprocess.Popen(  # noqa: S603  # our own binaries and arguments
                command,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[account.gid] if account else None,
                # runs after the change of user, which would clear it, and makes system calls only
                preexec_fn=_bind_to(parent, death_signal),  # noqa: PLW1509
            )
        except BaseException as error:  # raised again by the caller's thread
            started.set_exception(error)
            return
        child = Child(name, process)
        started.set_result(child)
        child.keep()

    threading.Thread(target=keep, name=f"keeper of {name}", daemon=True).start()
    try:
        return started.result()
    except OSError as error:
        raise StartFailed(f"{command[0]} cannot be executed: {error.strerror}") from error


def _bind_to(parent: int, death_signal: signal.Signals) -> Callable[[], None] | None:
    prctl, number = _prctl, int(death_signal)
    if prctl is None:
        return None

    def in_child() -> None:
        prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it ended before the line above took effect
            os._exit(1)

    return in_child


def survivors(program: str, token: str) -> list[int]:
    """Running processes of `program` that carry `token` in their command line or title.

    Postgres backends carry it too (as cluster_name), so orphans of a killed postmaster are found.
    The command line is what is read, because root without CAP_SYS_PTRACE, as in containers, may not
    see the working directory of another user's process.
    """
    return [pid for pid, name, command in _processes() if name == program and token in command]


def exists(pid: int) -> bool:
    """True for a zombie as well."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def serves(pid: int, program: str, directory: Path) -> bool:
    """Whether `pid` is a live `program` working in `directory`; True as well where it cannot be told."""
    commands = [line for each, name, line in _processes() if (each, name) == (pid, program)]
    if not any(commands):  # gone, a zombie, or the number now belongs to something else
        return False
    try:
        return Path(f"/proc/{pid}/cwd").samefile(directory)
    except FileNotFoundError:
        return sys.platform != "linux"
    except PermissionError:
        return True


if sys.platform == "linux":

    def _processes() -> Iterator[tuple[int, str, str]]:
        """Number, program name and command line of each; a zombie has no command line."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    name = (entry / "comm").read_text(errors="replace").strip()
                    command = (entry / "cmdline").read_text(errors="replace")
                    yield int(entry.name), name, command

else:

    def _processes() -> Iterator[tuple[int, str, str]]:
        """Number, program name and command line of each."""
        command = ["/bin/ps", "-axww", "-o", "pid=,ucomm=,command="]
        listing = subprocess.run(  # noqa: S603  # a constant
            command, capture_output=True, timeout=10, check=True
        )
        for line in listing.stdout.decode(errors="replace").splitlines():
            pid, name, *rest = line.split(maxsplit=2)
            yield int(pid), name, "".join(rest)


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """To all that still exist."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)

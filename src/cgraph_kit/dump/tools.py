"""pg_dump and pg_restore: which of those on this machine can speak with a server."""

import shutil
import subprocess
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import msgspec

from cgraph_kit.engines.binaries import postgres_places, version_of

from .errors import ToolsUnusable

NEEDS_SEVENTEEN = 17
"""pg_restore from here on sets a parameter (transaction_timeout) that older servers refuse."""
_NO_TLS = "SSL support is not compiled in"


class Tools(msgspec.Struct, frozen=True):
    """One installation of the client programs."""

    bindir: Path
    version: str

    @property
    def major(self) -> int:
        return major_of(self.version)

    @property
    def pg_dump(self) -> Path:
        return self.bindir / "pg_dump"

    @property
    def pg_restore(self) -> Path:
        return self.bindir / "pg_restore"

    def speaks_tls(self) -> bool:
        """Whether it was built with TLS; blocks for some milliseconds."""
        # Reading the address fails before anything is connected to, if TLS is not known.
        answer = subprocess.run(  # noqa: S603  # found by version_of
            [self.pg_dump, "--dbname=host=/nowhere sslmode=require"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
        return _NO_TLS not in answer.stderr


def major_of(version: str) -> int:
    """18 of `18.6`, and of `18beta1`."""
    return int("".join(takewhile(str.isdigit, version)))


def find_tools(*, server: int, tls: bool, bindir: Path | None = None) -> Tools:
    """The installation nearest to the server's major version, not older; with TLS where that is asked for.

    Looks into `bindir` only where it is given; else into the wheels, Debian's packages and the PATH. Blocks for some
    milliseconds. Raises `ToolsUnusable`.
    """
    found = list(_installed(bindir))
    if not found:
        raise ToolsUnusable(
            f"there is no pg_dump{f' in {bindir}' if bindir else ''}: install postgresql-client-{server}"
        )
    new = sorted(
        (each for each in found if each.major >= server), key=lambda each: each.major - server
    )
    if not new:
        seen = ", ".join(f"{each.version} in {each.bindir}" for each in found)
        raise ToolsUnusable(
            f"the server is PostgreSQL {server}, but pg_dump is {seen}: install postgresql-client-{server}"
        )
    for each in new:
        if not tls or each.speaks_tls():
            return each
    raise ToolsUnusable(
        f"the connection uses TLS, which pg_dump {new[0].version} in {new[0].bindir} cannot:"
        f" install postgresql-client-{server}"
    )


def check_restorable(tools: Tools, server: int) -> None:
    """Raises `ToolsUnusable` where this pg_restore would be refused by a server of that major version."""
    if tools.major >= NEEDS_SEVENTEEN > server:
        raise ToolsUnusable(
            f"pg_restore {tools.version} cannot write into PostgreSQL {server}:"
            f" install postgresql-client-{server}"
        )


def _installed(bindir: Path | None) -> Iterator[Tools]:
    seen = set()
    for directory in [bindir] if bindir else _places():
        real = (directory / "pg_dump").resolve()
        version = version_of(directory / "pg_dump")
        if version and real not in seen and (directory / "pg_restore").exists():
            seen.add(real)
            yield Tools(directory, version)


def _places() -> Iterator[Path]:
    for program, _, _ in postgres_places():
        yield program.parent
    if (on_path := shutil.which("pg_dump")) is not None:
        yield Path(on_path).parent

"""What a backup needs: the database, where to keep it, and what the operator wants of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cgraph.settings import Settings
from cgraph_kit.dump import DumpError
from cgraph_kit.engines import EngineError
from cgraph_kit.storage import Storage, StorageError

from .errors import BackupError

Where = Literal["auto", "server", "embedded", "off"]
Report = Callable[[int, int | None, str], None]
"""Is told how far something is: done, of how many in all (None: not known), and a word about it."""


def silent(_done: int, _total: int | None, _note: str) -> None:
    """Reports to nobody."""


@dataclass(frozen=True, slots=True)
class Vault:
    """Where backups come from and where they go."""

    dsn: str = field(repr=False)
    """A direct address of the database: not through a transaction pooler."""
    storage: Storage
    work_dir: Path
    """For a throw-away server, where one is needed."""
    keep: int
    where: Where
    """On which server a backup is tried."""
    timeout: float
    """Seconds after which making one is given up, and so trying one."""
    bindir: Path | None = None
    """Where pg_dump and pg_restore are; None: wherever they are found."""


def vault_of(settings: Settings, dsn: str, storage: Storage) -> Vault:
    """As the operator set it."""
    return Vault(
        dsn=dsn,
        storage=storage,
        work_dir=settings.data_dir / "scratch",
        keep=settings.backup_keep,
        where=settings.backup_verify,
        timeout=settings.backup_timeout_minutes * 60.0,
        bindir=settings.pg_bindir,
    )


@contextmanager
def failing() -> Iterator[None]:
    """What the tools, the store and the engines complain about becomes a `BackupError` that says the same."""
    try:
        yield
    except (DumpError, StorageError, EngineError) as error:
        raise BackupError(str(error)) from error
    except TimeoutError as error:
        raise BackupError("it took too long: CGRAPH_BACKUP_TIMEOUT_MINUTES") from error

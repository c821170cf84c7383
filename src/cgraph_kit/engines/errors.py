"""Why an embedded server cannot run. They reach the operator, never a user: the message says what to do."""

from pathlib import Path


class EngineError(Exception):
    """An embedded server could not do what was asked."""


class AlreadyRunning(EngineError):
    """Another process serves this directory; it was not touched."""

    def __init__(self, directory: Path, pid: int | None) -> None:
        self.directory = directory
        self.pid = pid
        """Who holds it, as far as that can be told."""
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(f"{directory} is in use by {holder}; stop it or use another directory")


class BinariesMissing(EngineError):
    """No usable server program was found in any of the known places."""


class VersionMismatch(EngineError):
    """The data was written by another major version of PostgreSQL than the binaries have."""


class DirectoryUnusable(EngineError):
    """The data directory cannot be made, written, or read by the account the server runs as."""


class Ended(EngineError):
    """The server ended by itself while it was in use."""


class StartFailed(EngineError):
    """The server ended, or was not ready in time. `log_tail` holds the last lines it wrote."""

    def __init__(self, what: str, log_tail: str = "") -> None:
        self.log_tail = log_tail
        super().__init__(f"{what}\n{log_tail}" if log_tail else what)

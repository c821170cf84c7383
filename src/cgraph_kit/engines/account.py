"""The user a server runs as, and what that user can reach."""

import os
import pwd
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .errors import EngineError

PREFERRED = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int

    def may(self, bits: int, path: Path) -> bool:
        """By mode bits alone: an access list that grants more counts as a refusal."""
        status = path.stat()
        if status.st_uid == self.uid:
            bits <<= 6
        elif status.st_gid == self.gid:
            bits <<= 3
        return status.st_mode & bits == bits

    def reaches(self, path: Path) -> bool:
        """Whether every directory on the way to `path`, and `path` itself, can be entered."""
        return all(self.may(stat.S_IXOTH, step) for step in (path, *path.parents))

    def own(self, tree: Path) -> None:
        """Take over a whole tree. Links are changed themselves and not followed, nor is `tree`."""
        os.chown(tree, self.uid, self.gid, follow_symlinks=False)
        for _, folders, files, directory in os.fwalk(tree):
            for name in (*folders, *files):
                os.chown(name, self.uid, self.gid, dir_fd=directory, follow_symlinks=False)


def unprivileged(data: Path) -> Account | None:
    """None where the server simply runs as us: everywhere but under root.

    PostgreSQL refuses to run as root. Existing data is served by whoever owns it, so that the same
    directory can be used by root today and by its ordinary owner tomorrow; new data goes to
    `postgres`, else `nobody`. Users are not created: that is the operator's to decide.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(_name(owner.st_uid), owner.st_uid, owner.st_gid)
    for name in PREFERRED:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise EngineError(f"root cannot run a server itself: create a system user named {PREFERRED[0]}")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)

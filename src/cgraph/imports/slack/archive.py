"""The files of an export, in a zip or in a directory, read one at a time and never unpacked.

An export is somebody else's file: names that lead out of it are not files of it, and what would unpack to more than
it plausibly holds is refused.
"""

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Protocol

from cgraph.imports.records import Unreadable

MAX_FILE = 128 * 1024 * 1024
"""Largest file taken, in bytes: one day of one channel."""
MAX_RATIO = 250
"""Bytes that one packed byte may unpack to; exports reach about 30."""
SMALL = 10 * 1024 * 1024
"""What unpacks to no more than this is harmless, whatever its ratio."""


class Refused(Exception):
    """One file of the export cannot be read; the message says why."""


class Archive(Protocol):
    """Read-only files by their path inside the export."""

    sizes: dict[str, int]
    """Every file and its size in bytes, unpacked."""

    def read(self, name: str) -> bytes:
        """A whole file. Raises `Refused` when it is missing, too large or broken."""
        ...

    def close(self) -> None: ...


def open_archive(path: Path) -> Archive:
    """Raises `Unreadable` when it is neither a directory nor a sound zip."""
    try:
        if path.is_dir():
            return _Directory(path)
        return _Zip(path)
    except zipfile.BadZipFile as error:
        raise Unreadable(f"{path}: neither a directory nor a zip file: {error}") from None
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from None


class _Directory:
    def __init__(self, path: Path) -> None:
        root = path.resolve(strict=True)
        self._files = {
            file.relative_to(path).as_posix(): file
            for file in path.rglob("*.json")
            if file.is_file() and file.resolve().is_relative_to(root) and _utf8(file)
        }
        self.sizes = {name: file.stat().st_size for name, file in self._files.items()}

    def read(self, name: str) -> bytes:
        _check_size(self.sizes.get(name))
        try:
            return self._files[name].read_bytes()
        except OSError as error:
            raise Refused(str(error.strerror)) from None

    def close(self) -> None: ...


class _Zip:
    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        self._entries = {entry.filename: entry for entry in self._zip.infolist() if _plain(entry)}
        self.sizes = {name: entry.file_size for name, entry in self._entries.items()}
        unpacked = sum(entry.file_size for entry in self._zip.infolist())
        if unpacked > SMALL and unpacked > MAX_RATIO * path.stat().st_size:
            self._zip.close()
            raise Unreadable(f"{path}: would unpack to {unpacked:,} bytes: not an export")

    def read(self, name: str) -> bytes:
        _check_size(self.sizes.get(name))
        entry = self._entries[name]
        if entry.file_size > SMALL and entry.file_size > MAX_RATIO * entry.compress_size:
            raise Refused(f"would unpack to {entry.file_size:,} bytes: refused as a zip bomb")
        try:
            return self._zip.read(entry)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise Refused(f"broken: {error}") from None
        except (NotImplementedError, RuntimeError) as error:
            raise Refused(f"cannot be unpacked: {error}") from None

    def close(self) -> None:
        self._zip.close()


def _utf8(file: Path) -> bool:
    """Whether the name is text; exports have no others, and reports could not hold them."""
    try:
        str(file).encode()
    except UnicodeEncodeError:
        return False
    return True


def _plain(entry: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(entry.filename)
    return (
        name.suffix == ".json"
        and not name.is_absolute()
        and ".." not in name.parts
        and "\\" not in entry.filename
        and not stat.S_ISLNK(entry.external_attr >> 16)
    )


def _check_size(size: int | None) -> None:
    if size is None:
        raise Refused("is missing")
    if size > MAX_FILE:
        raise Refused(f"has {size:,} bytes, {MAX_FILE:,} are taken at most")

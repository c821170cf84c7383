"""Exports of other systems, made up for tests in the shapes those systems document."""

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def write_lines(path: Path, *records: Json | str | bytes) -> Path:
    """A file of JSON lines, compressed if its name says so; text and bytes are written as they are."""
    data = b"".join(_line(record) + b"\n" for record in records)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def _line(record: Json | str | bytes) -> bytes:
    if isinstance(record, bytes):
        return record
    return (record if isinstance(record, str) else json.dumps(record)).encode()


def header(source: str = "old-chat") -> Json:
    return {"kind": "header", "format": "cgraph-jsonl", "version": 1, "source": source}


def user(id: str, username: str | None = None, **more: Any) -> Json:
    return {"kind": "user", "id": id, "username": username or id, **more}


def conversation(id: str, **more: Any) -> Json:
    return {"kind": "conversation", "id": id, **more}


def message(conversation: str, id: str, author: str, content: str, **more: Any) -> Json:
    at = {"inserted_at": "2020-03-01T12:00:00Z"}
    return {
        "kind": "message",
        "conversation": conversation,
        "id": id,
        "author": author,
        "content": content,
        **at,
        **more,
    }


def logged(
    channel: str, i: int, at: str, user: str, text: str, reply_to: int | None = None
) -> Json:
    """A line of a chat log."""
    return {"channel": channel, "i": i, "at": at, "user": user, "text": text, "reply_to": reply_to}


class Slack:
    """A workspace to be exported: fill it, then write it as a zip or a directory."""

    def __init__(self) -> None:
        self.users: list[Any] = []
        self.channels: list[Any] = []
        self.groups: list[Any] = []
        self.dms: list[Any] = []
        self.mpims: list[Any] = []
        self.days: dict[str, Any] = {}

    def user(self, id: str, name: str, **more: Any) -> str:
        profile = {"display_name": "", "real_name": name.title(), **more.pop("profile", {})}
        entry = {"id": id, "team_id": "T0001", "name": name, "deleted": False, "is_bot": False}
        self.users.append({**entry, "profile": profile, **more})
        return id

    def channel(self, id: str, name: str, members: list[str], **more: Any) -> str:
        entry = {"id": id, "name": name, "created": 1577836800, "creator": members[0]}
        self.channels.append({**entry, "is_archived": False, "members": members, **more})
        return name

    def dm(self, id: str, members: list[str]) -> str:
        self.dms.append({"id": id, "created": 1577836800, "members": members})
        return id

    def say(self, folder: str, day: str, user: str, text: str, ts: str, **more: Any) -> str:
        said = {"type": "message", "user": user, "text": text, "ts": ts, **more}
        self.days.setdefault(f"{folder}/{day}.json", []).append(said)
        return ts

    def files(self) -> dict[str, Any]:
        lists = {"users": self.users, "channels": self.channels, "groups": self.groups}
        lists |= {"dms": self.dms, "mpims": self.mpims}
        return {f"{name}.json": entries for name, entries in lists.items() if entries} | self.days

    def zip(self, path: Path, *, root: str = "") -> Path:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, entries in self.files().items():
                archive.writestr(root + name, _text(entries))
        return path

    def directory(self, path: Path) -> Path:
        for name, entries in self.files().items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(_text(entries), encoding="utf-8")
        return path


def _text(entries: Any) -> str:
    return entries if isinstance(entries, str) else json.dumps(entries)

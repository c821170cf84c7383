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


def group(id: str, owner: str, **more: Any) -> Json:
    return {"kind": "group", "id": id, "name": id.title(), "owner": owner, **more}


def channel(id: str, group: str, **more: Any) -> Json:
    return {"kind": "channel", "id": id, "group": group, "name": id, **more}


def member(group: str, user: str, **more: Any) -> Json:
    return {"kind": "member", "group": group, "user": user, **more}


def forum(id: str, **more: Any) -> Json:
    return {"kind": "forum", "id": id, "title": id.title(), **more}


def post(forum: str, id: str, author: str | None, title: str, **more: Any) -> Json:
    at = {"inserted_at": "2020-03-01T12:00:00Z"}
    return {
        "kind": "post",
        "forum": forum,
        "id": id,
        "author": author,
        "title": title,
        **at,
        **more,
    }


def comment(post: str, id: str, author: str | None, content: str, **more: Any) -> Json:
    at = {"inserted_at": "2020-03-01T13:00:00Z"}
    return {
        "kind": "comment",
        "post": post,
        "id": id,
        "author": author,
        "content": content,
        **at,
        **more,
    }


def vote(user: str, value: int = 1, **what: Any) -> Json:
    """For `post=` or `comment=`."""
    return {"kind": "vote", "user": user, "value": value, **what}


def copied(table: str, columns: str, *rows: tuple[Any, ...]) -> str:
    """A COPY block as pg_dump writes it."""
    lines = ["\t".join(_cell(cell) for cell in row) for row in rows]
    names = ", ".join(columns.split())
    return "\n".join([f"COPY public.{table} ({names}) FROM stdin;", *lines, "\\.", "", ""])


def _cell(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    escapes = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    return "".join(escapes.get(character, character) for character in str(value))

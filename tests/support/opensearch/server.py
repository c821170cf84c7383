"""The server: paths, aliases, bulks, and what can be made to go wrong."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from support.providers.serving import Answered, Request, json_answer, serving

from .errors import Failure, Unknown, only
from .searching import search
from .storing import Index

USER, PASSWORD = "cgraph", "p@ss/wörd"
"""Whom it lets in."""
BODY_MOST = 104_857_600


class FakeOpenSearch:
    """What it holds, and what has been asked of it."""

    def __init__(self) -> None:
        self.url = ""
        self.indexes: dict[str, Index] = {}
        self.aliases: dict[str, set[str]] = {}
        self.requests: list[Request] = []
        self.refused: list[str] = []
        """What it did not know."""
        self.answers: list[Answered] = []
        """What it answers the next requests, whatever they are."""
        self.items: list[tuple[str, int, str]] = []
        """What the next bulks answer for documents: part of an id, status and type, once each."""
        self.status = "green"
        self.version = "3.1.0"
        self.talks = asyncio.Event()
        """Cleared, it takes requests and does not answer."""
        self.talks.set()

    def address(self, prefix: str, *, password: str = "p%40ss%2Fw%C3%B6rd") -> str:
        """For settings."""
        host = self.url.removeprefix("https://")
        return f"opensearch+https://{USER}:{password}@{host}/{prefix}"

    async def answer(self, request: Request) -> Answered:
        self.requests.append(request)
        await self.talks.wait()
        if self.answers:
            return self.answers.pop(0)
        try:
            return self._answer(request)
        except Failure as failure:
            if isinstance(failure, Unknown):
                self.refused.append(failure.reason)
            return json_answer(failure.status, failure.body)

    def index(self, name: str) -> Index:
        """By its name or an alias. Raises `Failure`."""
        if name in self.aliases:
            (name,) = self.aliases[name]
        if name not in self.indexes:
            raise Failure(404, "index_not_found_exception", f"no such index [{name}]")
        return self.indexes[name]

    def _answer(self, request: Request) -> Answered:  # noqa: C901, PLR0911, PLR0912 (one of each)
        expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") not in {f"Basic {expected}", "Bearer token"}:
            return Answered(401, {"content-type": "text/plain"}, b"Unauthorized")
        if len(request.body) > BODY_MOST:
            return Answered(413)
        params = dict(parse_qsl(request.query))
        match request.method, request.path.strip("/").split("/"):
            case "GET", [""]:
                version = {"distribution": "opensearch", "number": self.version}
                return json_answer(200, {"version": version})
            case "GET", ["_cluster", "health"]:
                return json_answer(200, {"status": self.status})
            case "POST", ["_bulk"]:
                return self._bulk(request, params)
            case "POST", ["_msearch"]:
                only(params, set(), "msearch")
                return self._msearch(request)
            case "POST", ["_aliases"]:
                only(params, set(), "aliases")
                return self._change_aliases(request.json)
            case "GET", [pattern, "_alias"]:
                only(params, set(), "alias")
                return self._list_aliases(pattern)
            case "POST", [names, "_refresh"]:
                for index in self._each(names, params):
                    index.refresh()
                return json_answer(200, {})
            case "GET", [names, "_stats", "docs,store"]:
                return self._stats(names, params)
            case "POST", [name, "_delete_by_query"]:
                return self._delete_by_query(name, request.json, params)
            case "PUT", [name] if not name.startswith("_"):
                only(params, set(), "an index")
                return self._make(name, request.json)
            case "DELETE", [name] if not name.startswith("_"):
                for index in self._each(name, params):
                    self._drop(index.name)
                return json_answer(200, {"acknowledged": True})
        raise Unknown(f"{request.method} {request.path}")

    def _each(self, names: str, params: dict[str, str]) -> list[Index]:
        only(params, {"ignore_unavailable"}, "indexes")
        found = []
        for name in names.split(","):
            try:
                found.append(self.index(name))
            except Failure:
                if params.get("ignore_unavailable") != "true":
                    raise
        return found

    def _make(self, name: str, body: dict[str, Any]) -> Answered:
        if name in self.indexes:
            raise Failure(400, "resource_already_exists_exception", name)
        if name in self.aliases:
            raise Failure(400, "invalid_index_name_exception", "already exists as alias")
        self.indexes[name] = Index(name, body)
        for alias in body["aliases"]:
            self.aliases.setdefault(alias, set()).add(name)
        return json_answer(200, {"acknowledged": True, "index": name})

    def _drop(self, name: str) -> None:
        del self.indexes[name]
        for names in self.aliases.values():
            names.discard(name)
        self.aliases = {alias: names for alias, names in self.aliases.items() if names}

    def _list_aliases(self, pattern: str) -> Answered:
        patterns = pattern.split(",")

        def named_so(name: str) -> bool:
            return any(fnmatchcase(name, one) for one in patterns)

        named = {alias for alias in self.aliases if named_so(alias)}
        through = {name for alias in named for name in self.aliases[alias]}
        found = {
            name: {"aliases": {alias: {} for alias, to in self.aliases.items() if name in to}}
            for name in self.indexes
            if named_so(name) or name in through
        }
        return json_answer(200, found)

    def _change_aliases(self, body: dict[str, Any]) -> Answered:
        """All or nothing."""
        for action in body["actions"]:
            ((kind, about),) = action.items()
            self.index(about["index"])
            if kind == "remove" and about["index"] not in self.aliases.get(about["alias"], ()):
                raise Failure(404, "aliases_not_found_exception", about["alias"])
        for action in body["actions"]:
            ((kind, about),) = action.items()
            match kind:
                case "add":
                    self.aliases.setdefault(about["alias"], set()).add(about["index"])
                case "remove":
                    self.aliases[about["alias"]].discard(about["index"])
                case "remove_index":
                    self._drop(about["index"])
                case _:
                    raise Unknown(f"alias action {kind}")
        self.aliases = {alias: names for alias, names in self.aliases.items() if names}
        return json_answer(200, {"acknowledged": True})

    def _stats(self, names: str, params: dict[str, str]) -> Answered:
        found = self._each(names, params)
        docs = sum(len(one.searchable) for one in found)
        size = sum(len(repr(doc.source)) for one in found for doc in one.searchable.values())
        part = {"docs": {"count": docs}, "store": {"size_in_bytes": size}}
        return json_answer(200, {"_all": {"primaries": part, "total": part}, "indices": {}})

    def _delete_by_query(self, name: str, body: Any, params: dict[str, str]) -> Answered:
        only(body, {"query"}, "delete by query")
        expected = {"conflicts": "proceed", "refresh": "true", "ignore_unavailable": "true"}
        assert params == expected
        there = self._each(name, {"ignore_unavailable": "true"})
        if not there:
            return json_answer(200, {"deleted": 0, "version_conflicts": 0, "failures": []})
        (index,) = there
        found = search(index, {"query": body["query"], "size": 10_000})["hits"]["hits"]
        conflicts = 0
        for hit in found:
            if index.docs[hit["_id"]].seq_no == index.searchable[hit["_id"]].seq_no:
                index.delete(hit["_id"], None)
            else:
                conflicts += 1
        index.refresh()
        deleted = len(found) - conflicts
        return json_answer(
            200,
            {
                "deleted": deleted,
                "version_conflicts": conflicts,
                "failures": [],
                "timed_out": False,
            },
        )

    def _msearch(self, request: Request) -> Answered:
        lines = _lines(request)
        responses = []
        for head, asked in zip(lines[::2], lines[1::2], strict=True):
            only(
                head, {"index", "allow_partial_search_results", "preference", "search_type"}, "head"
            )
            try:
                responses.append({**search(self.index(head["index"]), asked), "status": 200})
            except Failure as failure:
                if isinstance(failure, Unknown):
                    self.refused.append(failure.reason)
                responses.append(failure.body)
        return json_answer(200, {"took": 1, "responses": responses})

    def _bulk(self, request: Request, params: dict[str, str]) -> Answered:
        only(params, {"require_alias"}, "bulk")
        lines = iter(_lines(request))
        items = [self._item(head, lines, params.get("require_alias") == "true") for head in lines]
        failed = any("error" in next(iter(item.values())) for item in items)
        return json_answer(200, {"took": 1, "errors": failed, "items": items})

    def _item(self, head: dict[str, Any], lines: Any, require_alias: bool) -> dict[str, Any]:
        ((kind, about),) = head.items()
        source = next(lines) if kind == "index" else None
        answer: dict[str, Any] = {"_index": about["_index"], "_id": about["_id"]}
        try:
            answer |= self._do(kind, about, source, require_alias)
        except Failure as failure:
            answer |= {"status": failure.status, "error": failure.body["error"]}
        return {kind: answer}

    def _do(self, kind: str, about: Any, source: Any, require_alias: bool) -> dict[str, Any]:
        only(about, {"_index", "_id", "version", "version_type"}, "an item")
        if require_alias and about["_index"] not in self.aliases:
            raise Failure(404, "index_not_found_exception", "[require_alias] request flag is true")
        for told in self.items:
            if told[0] in about["_id"]:
                self.items.remove(told)
                raise Failure(told[1], told[2], "made to fail")
        if "version" in about and about["version_type"] != "external_gte":
            raise Unknown(f"version type {about['version_type']}")
        index, version = self.index(about["_index"]), about.get("version")
        if kind == "delete":
            made, there = index.delete(about["_id"], version)
            result = {
                "result": "deleted" if there else "not_found",
                "status": 200 if there else 404,
            }
        elif kind == "index":
            made, fresh = index.put(about["_id"], source, version)
            result = {"result": "created" if fresh else "updated", "status": 201 if fresh else 200}
        else:
            raise Unknown(f"bulk action {kind}")
        return {"_version": made, **result}


def _lines(request: Request) -> list[Any]:
    assert request.headers["content-type"] == "application/x-ndjson"
    assert request.body.endswith(b"\n")
    return [msgspec.json.decode(line) for line in request.body.split(b"\n")[:-1]]


@asynccontextmanager
async def fake_opensearch() -> AsyncIterator[FakeOpenSearch]:
    """One that runs until the block ends."""
    fake = FakeOpenSearch()
    async with serving(fake.answer) as url:
        fake.url = url
        yield fake

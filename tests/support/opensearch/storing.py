"""Indexes: mappings, analysis, documents with versions, and what of them can be found."""

import re
from typing import Any

import msgspec

from .errors import Failure, Unknown, only

ID_MOST = 512
TERM_MOST = 32_766
_SETTINGS = {"number_of_shards", "number_of_replicas", "gc_deletes", "analysis"}
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


class Stored(msgspec.Struct):
    """A document, or what is left of one."""

    version: int
    seq_no: int
    source: dict[str, Any] | None
    """Without what the mapping leaves out. None: it is deleted."""
    values: dict[str, list[Any]]
    places: dict[str, dict[str, list[int]]]
    """Of text fields: where each term stands."""


class Index:
    """One index."""

    def __init__(self, name: str, body: dict[str, Any]) -> None:
        if not _NAME.fullmatch(name):
            raise Failure(400, "invalid_index_name_exception", name)
        only(body, {"settings", "mappings", "aliases"}, "an index")
        only(body["settings"], _SETTINGS, "settings")
        only(body["mappings"], {"dynamic", "_source", "properties"}, "mappings")
        assert body["mappings"]["dynamic"] == "strict"
        self.name = name
        self.analysis = Analysis(body["settings"]["analysis"])
        self.fields: dict[str, dict[str, Any]] = body["mappings"]["properties"]
        self.excluded: list[str] = body["mappings"].get("_source", {}).get("excludes", [])
        for field in self.fields.values():
            self._check(field)
        self.docs: dict[str, Stored] = {}
        self.searchable: dict[str, Stored] = {}
        self._seq_no = 0

    def put(self, id: str, source: dict[str, Any], version: int | None) -> tuple[int, bool]:
        """The version it has now, and whether it is new. Raises `Failure`."""
        if len(id.encode()) > ID_MOST:
            raise Failure(400, "illegal_argument_exception", "id is too long")
        values, places = self._read(source)
        there = self.docs.get(id)
        made = self._next(there, version)
        kept = {name: value for name, value in source.items() if name not in self.excluded}
        self.docs[id] = Stored(made, self._count(), kept, values, places)
        return made, there is None or there.source is None

    def delete(self, id: str, version: int | None) -> tuple[int, bool]:
        """The version it would have, and whether it was there."""
        there = self.docs.get(id)
        made = self._next(there, version)
        self.docs[id] = Stored(made, self._count(), None, {}, {})
        return made, there is not None and there.source is not None

    def refresh(self) -> None:
        self.searchable = {id: one for id, one in self.docs.items() if one.source is not None}

    def _next(self, there: Stored | None, version: int | None) -> int:
        """`external_gte`, or the next one."""
        current = 0 if there is None else there.version
        if version is None:
            return current + 1
        if there is not None and version < current:
            raise Failure(409, "version_conflict_engine_exception", f"{current} > {version}")
        return version

    def _count(self) -> int:
        self._seq_no += 1
        return self._seq_no

    def _check(self, field: dict[str, Any]) -> None:
        match field["type"]:
            case "keyword":
                only(field, {"type", "doc_values"}, "a keyword")
            case "long" | "integer":
                only(field, {"type"}, "a number")
            case "text":
                only(field, {"type", "analyzer", "norms"}, "a text")
                if field["analyzer"] not in self.analysis.analyzers:
                    raise Failure(400, "mapper_parsing_exception", "analyzer not found")
            case other:
                raise Unknown(f"field type {other}")

    def _read(
        self, source: dict[str, Any]
    ) -> tuple[dict[str, list[Any]], dict[str, dict[str, list[int]]]]:
        values: dict[str, list[Any]] = {}
        places: dict[str, dict[str, list[int]]] = {}
        for name, value in source.items():
            if name not in self.fields:
                raise Failure(400, "strict_dynamic_mapping_exception", name)
            field = self.fields[name]
            each = value if isinstance(value, list) else [value]
            if field["type"] == "text":
                (text,) = each
                places[name] = self.analysis.places(field["analyzer"], text)
                continue
            type = str if field["type"] == "keyword" else int
            if not all(isinstance(one, type) and not isinstance(one, bool) for one in each):
                raise Failure(400, "mapper_parsing_exception", f"failed to parse field [{name}]")
            if type is str and any(len(one.encode()) > TERM_MOST for one in each):
                raise Failure(400, "illegal_argument_exception", "immense term")
            values[name] = each
        return values, places


class Analysis:
    """Analyzers made of the tokenizers and filters we use."""

    def __init__(self, body: dict[str, Any]) -> None:
        only(body, {"tokenizer", "filter", "analyzer"}, "analysis")
        self.analyzers: dict[str, dict[str, Any]] = body["analyzer"]
        self._tokenizers = body["tokenizer"]
        self._filters = body["filter"]
        for one in self._tokenizers.values():
            only(one, {"type", "pattern"}, "a tokenizer")
            assert one["type"] == "pattern"
        for one in self._filters.values():
            if one["type"] == "pattern_capture":
                only(one, {"type", "preserve_original", "patterns"}, "pattern_capture")
                assert one["preserve_original"] is False
            elif one["type"] == "stop":
                only(one, {"type", "stopwords"}, "stop")
            else:
                raise Unknown(f"token filter {one['type']}")

    def tokens(self, analyzer: str, text: str) -> list[tuple[str, int]]:
        """Terms with their places, from 0 on."""
        made = self.analyzers[analyzer]
        only(made, {"type", "tokenizer", "filter"}, "an analyzer")
        pattern = self._tokenizers[made["tokenizer"]]["pattern"]
        found = [one for one in re.split(pattern, text) if one]
        tokens = [(one, at) for at, one in enumerate(found)]
        for name in made["filter"]:
            tokens = self._filtered(self._filters[name], tokens)
        return tokens

    def places(self, analyzer: str, text: str) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for term, at in self.tokens(analyzer, text):
            if len(term.encode()) > TERM_MOST:
                raise Failure(400, "illegal_argument_exception", "immense term")
            found.setdefault(term, []).append(at)
        return found

    def _filtered(
        self, filter: dict[str, Any], tokens: list[tuple[str, int]]
    ) -> list[tuple[str, int]]:
        if filter["type"] == "stop":
            return [one for one in tokens if one[0] not in filter["stopwords"]]
        (pattern,) = filter["patterns"]
        return [
            (capture, at)
            for token, at in tokens
            for capture in (re.findall(pattern, token) or [token])
        ]

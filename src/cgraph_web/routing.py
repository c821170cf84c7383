"""From a path and a method to an endpoint: a tree of path segments, walked once per request."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .errors import MethodNotAllowed, NoRoute

T = TypeVar("T")


@dataclass(slots=True)
class _Node(Generic[T]):
    words: "dict[str, _Node[T]]" = field(default_factory=dict)
    parameter: "_Node[T] | None" = None
    methods: dict[str, tuple[T, Sequence[str]]] = field(default_factory=dict)
    """What answers here, and how its path names the parameters."""


class Routes(Generic[T]):
    """Every route. Where a word and a parameter both fit, the word is tried first; empty segments do not count."""

    def __init__(self, routes: Iterable[tuple[str, str, T]]) -> None:
        """Of method, path template and what is found there. Raises `ValueError` for two of the same."""
        self._root: _Node[T] = _Node()
        for method, path, found in routes:
            self._add(method, path, found)

    def find(self, method: str, path: str) -> tuple[T, Mapping[str, str]]:
        """What answers, and the path's parameters. Raises `NoRoute` or `MethodNotAllowed`."""
        node, values = self._at(path)
        answering = node.methods.get(method)
        if answering is None:
            raise MethodNotAllowed(allow=_allowed(node.methods))
        found, names = answering
        return found, dict(zip(names, values, strict=True)) if names else {}

    def methods(self, path: str) -> list[str]:
        """What the Allow header says of an address. Raises `NoRoute`."""
        return _allowed(self._at(path)[0].methods)

    def _at(self, path: str) -> tuple[_Node[T], list[str]]:
        values: list[str] = []
        node = _walk(self._root, _parts(path), 0, values)
        if node is None:
            raise NoRoute
        return node, values

    def _add(self, method: str, path: str, found: T) -> None:
        node = self._root
        names: list[str] = []
        for part in _parts(path):
            if part.startswith("{"):
                names.append(part[1:-1])
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.words.setdefault(part, _Node())
        if method in node.methods:
            raise ValueError(f"{method} {path} is routed twice")
        node.methods[method] = found, tuple(names)


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _allowed(methods: Iterable[str]) -> list[str]:
    """HEAD comes with GET, and OPTIONS with anything."""
    known = {*methods, "OPTIONS"}
    return sorted(known | {"HEAD"} if "GET" in known else known)


def _walk(node: _Node[T], parts: Sequence[str], index: int, values: list[str]) -> _Node[T] | None:
    if index == len(parts):
        return node if node.methods else None
    part = parts[index]
    if (word := node.words.get(part)) and (found := _walk(word, parts, index + 1, values)):
        return found
    if node.parameter is None:
        return None
    values.append(part)
    if found := _walk(node.parameter, parts, index + 1, values):
        return found
    values.pop()
    return None

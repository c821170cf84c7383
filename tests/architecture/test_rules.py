"""What import contracts cannot see."""

import ast
import inspect
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import cgraph_web.app  # noqa: F401 - loads every error class
from cgraph_kit.channels import Channel
from cgraph_kit.errors import Error
from cgraph_web.router import ROUTES
from cgraph_web.socket import UserSocket

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
SQL = re.compile(r"\b(SELECT .* FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b", re.DOTALL)


def subclasses(kind: type[Error]) -> Iterator[type[Error]]:
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def strings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def named(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT / "src")) for path in paths]


class TestSources:
    @pytest.mark.parametrize("package", ["cgraph_web", "cgraph_cli"])
    def test_hold_sql_only_below_the_edge(self, package: str) -> None:
        allowed = {"cgraph_cli/checks/postgres.py"}  # asks the server about itself
        found = [
            path
            for path in SOURCES
            if path.is_relative_to(ROOT / "src" / package)
            and any(SQL.search(text) for text in strings(path))
        ]
        assert set(named(found)) <= allowed

    def test_read_the_environment_in_one_place(self) -> None:
        found = [path for path in SOURCES if re.search(r"os\.(environ|getenv)", path.read_text())]
        hands_on = {  # to the programs they start
            "cgraph_cli/measuring/server.py",
            "cgraph_kit/dump/address.py",
        }
        assert set(named(found)) <= {"cgraph/configuration.py"} | hands_on

    def test_import_nothing_inside_functions(self) -> None:
        found = [
            path
            for path in SOURCES
            for function in ast.walk(ast.parse(path.read_text()))
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            and any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function))
        ]
        assert named(found) == []

    def test_say_what_they_hold(self) -> None:
        silent = [path for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text()))]
        assert named(silent) == []


class TestErrors:
    def test_have_each_code_once(self) -> None:
        ours = [kind for kind in subclasses(Error) if kind.__module__.startswith("cgraph")]
        codes = Counter(kind.code for kind in ours if "code" in vars(kind))
        assert [code for code, count in codes.items() if count > 1] == []


class TestRoutes:
    @pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
    def test_are_documented(self, route: object) -> None:
        assert route.action.summary  # type: ignore[attr-defined]

    def test_have_operation_ids_of_their_own(self) -> None:
        names = Counter(route.action.name for route in ROUTES)
        assert [name for name, count in names.items() if count > 1] == []


class TestChannels:
    @pytest.mark.parametrize("channel", UserSocket.channels, ids=lambda channel: channel.topic)
    def test_document_themselves_and_every_event(self, channel: type[Channel]) -> None:
        assert inspect.getdoc(channel)
        for event, handler in channel.handlers.items():
            assert inspect.getdoc(getattr(channel, handler.name)), event

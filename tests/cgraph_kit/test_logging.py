"""What is written, and what never is."""

import json
import logging
import warnings
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import structlog

from cgraph_kit.logging import Format, about, configure, secret_name, write


class Log:
    """A place for lines."""

    def __init__(self, level: str = "info", format: Format = "json") -> None:
        self._stream = StringIO()
        configure(level, format, self._stream)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def log() -> Iterator[Callable[..., Log]]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Log
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = handlers, level


class TestConfigure:
    def test_both_libraries_write_alike(self, log: Callable[..., Log]) -> None:
        here = log()
        structlog.get_logger().info("met", person="ada")
        logging.getLogger("a.library").info("met %s", "ada", extra={"person": "ada"})
        first, second = here.lines
        assert first.keys() | {"logger"} == second.keys()
        assert (first["event"], second["event"]) == ("met", "met ada")
        assert (second["person"], second["logger"], second["level"]) == ("ada", "a.library", "info")

    def test_leaves_out_what_is_less_severe(self, log: Callable[..., Log]) -> None:
        here = log("warning")
        structlog.get_logger().info("quiet")
        logging.getLogger("x").info("quiet")
        write("info", "quiet", {})
        structlog.get_logger().warning("loud")
        logging.getLogger("x").warning("loud")
        write("warning", "loud", {})
        assert [line["event"] for line in here.lines] == ["loud"] * 3

    def test_what_the_task_is_about_stands_in_every_line(self, log: Callable[..., Log]) -> None:
        here = log()
        token = about.set({"request_id": "r1"})
        structlog.contextvars.bind_contextvars(node="n1")
        structlog.get_logger().info("a")
        logging.getLogger("x").info("b")
        write("info", "c", {"status": 200})
        about.reset(token)
        assert [line["request_id"] for line in here.lines] == ["r1"] * 3
        assert [line.get("node") for line in here.lines] == ["n1", "n1", None]

    def test_tracebacks_are_one_field_of_one_line(self, log: Callable[..., Log]) -> None:
        here = log()
        try:
            {}["gone"]
        except KeyError:
            logging.getLogger("x").exception("failed")
            structlog.get_logger().exception("failed")
        for line in here.lines:
            assert "KeyError: 'gone'" in line["exception"]

    def test_text_is_for_people(self, log: Callable[..., Log]) -> None:
        here = log(format="text")
        structlog.get_logger().info("met", person="ada")
        write("info", "served", {"status": 200})
        try:
            {}["gone"]
        except KeyError:
            secret = "a local variable"
            logging.getLogger("x").exception("failed")
        assert "person=ada" in here.text
        assert "status=200" in here.text
        assert "KeyError: 'gone'" in here.text
        assert secret not in here.text

    def test_anything_can_be_written(self, log: Callable[..., Log]) -> None:
        here = log()
        structlog.get_logger().info("odd", what=object, when={1, 2})
        assert here.lines[0]["what"] == "<class 'object'>"

    def test_warnings_are_lines_too(self, log: Callable[..., Log]) -> None:
        here = log()
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("beware", UserWarning, stacklevel=1)
        assert "beware" in here.text

    def test_uvicorn_does_not_log_requests_beside_us(self, log: Callable[..., Log]) -> None:
        here = log()
        logging.getLogger("uvicorn.access").info("GET /?token=secret")
        assert here.text == ""

    @pytest.mark.parametrize("level", ["debug", "info"])
    def test_clients_of_http_do_not_tell_addresses_and_headers(
        self, log: Callable[..., Log], level: str
    ) -> None:
        here = log(level)
        logging.getLogger("httpx2").info("HTTP Request: POST https://push.example/3/device/token")
        logging.getLogger("httpcore2.http2").debug("send_request_headers authorization")
        assert here.text == ""


class TestRedact:
    def test_secrets_by_name(self, log: Callable[..., Log]) -> None:
        here = log()
        structlog.get_logger().info(
            "x", password="p-1", headers={"Authorization": "p-2"}, deep={"a": {"new_token": "p-3"}}
        )
        logging.getLogger("x").info("y", extra={"content": "p-4"})
        assert "p-" not in here.text
        assert here.text.count("[redacted]") == 4

    @pytest.mark.parametrize("name", ["password", "Authorization", "refresh_token", "Set-Cookie"])
    def test_knows_them_by_their_words(self, name: str) -> None:
        assert secret_name(name)

    @pytest.mark.parametrize("name", ["username", "tokens_used", "route", "secretary"])
    def test_and_by_whole_words_only(self, name: str) -> None:
        assert not secret_name(name)

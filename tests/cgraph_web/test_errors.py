"""Errors as they leave, and their catalogue."""

from collections import Counter

import msgspec
import pytest

from cgraph_kit.errors import (
    Conflict,
    Error,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    RateLimited,
    TooLarge,
    Unauthorized,
    Unavailable,
)
from cgraph_web.errors import (
    ErrorEnvelope,
    InternalError,
    error_response,
    failure_response,
    status_of,
)
from cgraph_web.exchange import Exchange
from cgraph_web.reference import errors_reference, every_error


@pytest.fixture
def exchange() -> Exchange:
    return Exchange("a-request", "198.51.100.7", {})


class TestStatusOf:
    @pytest.mark.parametrize(
        ("kind", "status"),
        [
            (Unauthorized, 401),
            (Forbidden, 403),
            (NotFound, 404),
            (Conflict, 409),
            (Gone, 410),
            (TooLarge, 413),
            (Invalid, 422),
            (RateLimited, 429),
            (InternalError, 500),
            (Unavailable, 503),
            (Error, 500),
        ],
    )
    def test_is_the_kinds(self, kind: type[Error], status: int) -> None:
        class Named(kind):  # type: ignore[misc,valid-type]
            code = "test_named"

        assert status_of(Named) == status_of(kind) == status


class TestErrorResponse:
    def test_is_the_envelope(self, exchange: Exchange) -> None:
        error = Conflict("taken", fields={"name": ["is taken"]}, by="ada")
        response = error_response(error, exchange)
        assert msgspec.json.decode(response.body) == {
            "error": {
                "by": "ada",
                "code": "conflict",
                "message": "taken",
                "fields": {"name": ["is taken"]},
                "request_id": "a-request",
            }
        }
        msgspec.json.decode(response.body, type=ErrorEnvelope)

    def test_what_an_error_carries_cannot_pass_for_its_code(self, exchange: Exchange) -> None:
        body = error_response(Conflict(code="x", request_id="y"), exchange).body
        assert b'"conflict"' in body
        assert b'"a-request"' in body

    @pytest.mark.parametrize(
        ("error", "header", "seconds"),
        [
            (RateLimited(retry_after=1.2), b"2", 1.2),
            (RateLimited(retry_after=0.001), b"1", 0.001),
            (Unavailable(), b"1", 1.0),
        ],
    )
    def test_says_when_to_come_back(
        self, exchange: Exchange, error: Error, header: bytes, seconds: float
    ) -> None:
        response = error_response(error, exchange)
        assert dict(response.headers)[b"retry-after"] == header
        assert msgspec.json.decode(response.body)["error"]["retry_after"] == seconds


class TestFailureResponse:
    def test_tells_nothing_of_a_bug(
        self, exchange: Exchange, caplog: pytest.LogCaptureFixture
    ) -> None:
        response = failure_response(KeyError("inner"), exchange)
        assert (response.status, b"inner" in response.body) == (500, False)
        assert "inner" in caplog.text


class TestReference:
    def test_every_code_is_used_once(self) -> None:
        codes = Counter(error.code for error in every_error())
        assert [code for code, times in codes.items() if times > 1] == []

    def test_every_code_is_a_plain_word(self) -> None:
        assert all(error.code.replace("_", "").isalnum() for error in every_error())
        assert all(error.code.islower() for error in every_error())

    def test_lists_all_of_them_and_no_test_ones(self) -> None:
        text = errors_reference()
        assert "| `idempotency_key_reused` | this idempotency key was used" in text
        assert "test_" not in text
        assert f"{len(every_error())} codes" in text

"""What bad input is told."""

from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import pytest

from cgraph_kit import clock
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import NO_NUL, Input, convert, decode, demand_end, refuse_repeats


class Inner(Input):
    id: UUID


class New(Input):
    content: Annotated[str, msgspec.Meta(min_length=1, max_length=5, pattern=NO_NUL)]
    inner: Inner | None = None
    tags: list[str] = []


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class TestDecode:
    def test_gives_the_typed_value(self) -> None:
        assert decode(b'{"content": "hi"}', New) == New("hi")

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            (b"{}", {"content": ["is required"]}),
            (b'{"content": 1}', {"content": ["must be text, got a whole number"]}),
            (b'{"content": ""}', {"content": ["can't be blank"]}),
            (b'{"content": "123456"}', {"content": ["must have at most 5 characters"]}),
            (
                b'{"content": "a\\u0000"}',
                {"content": ["contains characters that are not allowed"]},
            ),
            (b'{"content": "a", "x": 1}', {"x": ["is not a known field"]}),
            (b'{"content": "a", "inner": {}}', {"inner.id": ["is required"]}),
            (b'{"content": "a", "inner": {"id": "q"}}', {"inner.id": ["must be a valid UUID"]}),
            (b'{"content": "a", "tags": [1]}', {"tags[0]": ["must be text, got a whole number"]}),
            (b"[]", {"body": ["must be an object, got a list"]}),
        ],
    )
    def test_names_field_and_reason(self, body: bytes, fields: dict[str, list[str]]) -> None:
        with pytest.raises(Invalid) as caught:
            decode(body, New)
        assert caught.value.fields == fields

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"\xff", b'{"content": "\xff"}', b'{"content": "\\ud800"}', b"[" * 100_000],
    )
    def test_refuses_what_is_not_json(self, body: bytes) -> None:
        with pytest.raises(Invalid):
            decode(body, New)


class TestConvert:
    def test_reads_text_as_numbers(self) -> None:
        assert convert("12", int) == 12

    def test_names_the_field(self) -> None:
        with pytest.raises(Invalid) as caught:
            convert({"id": "nope"}, Inner)
        assert caught.value.fields == {"id": ["must be a valid UUID"]}

    def test_does_not_say_that_text_is_text(self) -> None:
        with pytest.raises(Invalid) as caught:
            convert({"many": "ten"}, Kinds)
        assert caught.value.fields == {"many": ["must be a whole number"]}


class Kinds(Input):
    many: int | None = None
    part: float = 0
    yes: bool = False
    at: datetime | None = None
    level: Literal["all", "none"] | None = None
    colour: Colour = Colour.RED
    inner: "list[Kinds] | None" = None
    by_level: dict[Literal["all", "none"], int] = {}
    by_name: dict[str, Annotated[Colour, msgspec.Meta(description="x")]] = {}
    either: int | str = 0


class TestInvalid:
    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            (b'{"many": "1"}', {"many": ["must be a whole number or null, got text"]}),
            (b'{"many": 1.5}', {"many": ["must be a whole number or null, got a number"]}),
            (b'{"part": null}', {"part": ["must be a number, got null"]}),
            (b'{"yes": 1}', {"yes": ["must be true or false, got a whole number"]}),
            (b'{"either": []}', {"either": ["must be a whole number or text, got a list"]}),
            (b'{"at": "now"}', {"at": ["must be a time such as 2026-01-31T12:00:00Z"]}),
            (b'{"level": "loud"}', {"level": ["must be one of all, none"]}),
            (b'{"colour": "x"}', {"colour": ["must be one of red, green"]}),
            (b'{"inner": [{}, {"level": ""}]}', {"inner[1].level": ["must be one of all, none"]}),
            (b'{"by_level": {"x": 1}}', {"by_level": ["must be one of all, none"]}),
            (b'{"by_name": {"x": "y"}}', {"by_name[...]": ["must be one of red, green"]}),
        ],
    )
    def test_speaks_to_people(self, body: bytes, fields: dict[str, list[str]]) -> None:
        with pytest.raises(Invalid) as caught:
            decode(body, Kinds)
        assert caught.value.fields == fields

    def test_of_bad_text_says_so(self) -> None:
        with pytest.raises(Invalid, match="the body is not valid UTF-8"):
            decode(b'{"content": "\xff"}', New)


class TestRefuseRepeats:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b"1",
            b'{"a": 1}',
            b'{"a": {"a": {"a": ":::"}}, "b": [{"a": 1}, {"a": 1e999}]}',
            b'{"a": ' + b"9" * 5000 + b', "b": "\xc3\xbc:\x7f"}',
        ],
    )
    def test_lets_the_rest_pass(self, body: bytes) -> None:
        refuse_repeats(body)

    @pytest.mark.parametrize(
        "body",
        [
            b'{"a": 1, "b": 2, "a": 1}',
            b'{"a":1,"\\u0061":2}',
            b'{"b": [{"c": {"a": 1, "a": null}}]}',
        ],
    )
    def test_names_what_is_given_twice(self, body: bytes) -> None:
        for data in (body, memoryview(body), msgspec.Raw(body)):
            with pytest.raises(Invalid) as caught:
                refuse_repeats(data)
            assert caught.value.fields == {"a": ["is given more than once"]}

    def test_has_a_bottom(self) -> None:
        deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
        with pytest.raises(Invalid, match="nested too deeply"):
            refuse_repeats(deep)


class TestDemandEnd:
    def test_lets_pass_none_and_the_next_hundred_years(self) -> None:
        demand_end("until", None)
        demand_end("until", clock.now() + timedelta(days=36500))

    @pytest.mark.parametrize(
        "at",
        [
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
            datetime(2020, 1, 1, tzinfo=UTC),
            datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-14))),
        ],
    )
    def test_refuses_what_is_past_or_too_far(self, at: datetime) -> None:
        with pytest.raises(Invalid) as refused:
            demand_end("until", at)
        assert list(refused.value.fields or ()) == ["until"]

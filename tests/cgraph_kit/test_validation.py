"""What bad input is told."""

from typing import Annotated
from uuid import UUID

import msgspec
import pytest

from cgraph_kit.errors import Invalid
from cgraph_kit.validation import NO_NUL, Input, convert, decode


class Inner(Input):
    id: UUID


class New(Input):
    content: Annotated[str, msgspec.Meta(min_length=1, max_length=5, pattern=NO_NUL)]
    inner: Inner | None = None
    tags: list[str] = []


class TestDecode:
    def test_gives_the_typed_value(self) -> None:
        assert decode(b'{"content": "hi"}', New) == New("hi")

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            (b"{}", {"content": ["is required"]}),
            (b'{"content": 1}', {"content": ["must be str, got int"]}),
            (b'{"content": ""}', {"content": ["can't be blank"]}),
            (b'{"content": "123456"}', {"content": ["must have at most 5 characters"]}),
            (
                b'{"content": "a\\u0000"}',
                {"content": ["contains characters that are not allowed"]},
            ),
            (b'{"content": "a", "x": 1}', {"x": ["is not a known field"]}),
            (b'{"content": "a", "inner": {}}', {"inner.id": ["is required"]}),
            (b'{"content": "a", "inner": {"id": "q"}}', {"inner.id": ["must be a valid UUID"]}),
            (b'{"content": "a", "tags": [1]}', {"tags[0]": ["must be str, got int"]}),
            (b"[]", {"body": ["must be object, got array"]}),
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

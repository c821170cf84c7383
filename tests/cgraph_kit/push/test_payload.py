from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph_kit.push.payload import TTL_MAX, Payload, content, fitted


def encoded(payload: Payload) -> bytes:
    return msgspec.json.encode(content(payload))


class TestPayload:
    def test_is_silent_without_texts(self) -> None:
        assert Payload(id="1", kind="read", badge=0).silent
        assert not Payload(id="1", kind="message", body="hi").silent

    @pytest.mark.parametrize(
        "fields",
        [
            {"data": {"key": "x" * 2100}},
            {"retract": ["x" * 36] * 60},
            {"url": "/" * 3000},
            {"ttl": -1},
            {"ttl": TTL_MAX + 1},
        ],
    )
    def test_leaves_room_for_its_texts(self, fields: Any) -> None:
        with pytest.raises(ValueError, match="must"):
            Payload(id="1", kind="message", **fields)

    def test_may_have_texts_of_any_length(self) -> None:
        Payload(id="1", kind="message", title="x" * 10_000, body="x" * 100_000)


class TestContent:
    def test_leaves_out_what_is_missing(self) -> None:
        assert content(Payload(id="1", kind="read")) == {"id": "1", "kind": "read"}
        assert content(Payload(id="1", kind="read", badge=0))["badge"] == 0


class TestFitted:
    @given(
        title=st.text(max_size=300),
        body=st.text(max_size=3000),
        limit=st.integers(min_value=100, max_value=4096),
    )
    def test_fits_and_says_as_much_as_it_can(self, title: str, body: str, limit: int) -> None:
        whole = Payload(id="1", kind="message", title=title, body=body)
        made = fitted(whole, encoded, limit)
        assert len(made) <= limit
        said = msgspec.json.decode(made)
        shown = said.get("body", "")
        if len(encoded(whole)) <= limit:
            assert made == encoded(whole)
        elif shown:
            assert shown.endswith("…")
            assert body.startswith(shown[:-1])
            assert said.get("title", "") == title

    def test_shortens_the_title_last(self) -> None:
        whole = Payload(id="1", kind="message", title="title " * 50, body="body " * 50)
        said = msgspec.json.decode(fitted(whole, encoded, 150))
        assert "body" not in said
        assert said["title"].startswith("title title")
        assert said["title"].endswith("…")

    def test_cuts_nothing_in_half(self) -> None:
        family = "👩‍👩‍👧"
        for limit in range(60, 120):
            whole = Payload(id="1", kind="message", body=family * 20)
            body = msgspec.json.decode(fitted(whole, encoded, limit)).get("body", "")
            assert not body.removesuffix("…").endswith("\u200d")

    def test_returns_what_no_cut_can_help(self) -> None:
        whole = Payload(id="1", kind="message", url="/" * 500, body="hi")
        assert len(fitted(whole, encoded, 100)) > 500

"""Cursors."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph_kit.errors import Invalid
from cgraph_kit.paging import Page, decode_cursor, encode_cursor, forward_page


class TestCursor:
    @given(
        st.tuples(st.integers(-(2**63), 2**63 - 1), st.text().filter(lambda text: "\0" not in text))
    )
    def test_returns_what_was_put_in(self, key: tuple[int, str]) -> None:
        assert decode_cursor(encode_cursor(key), tuple[int, str]) == key

    @given(st.text())
    def test_refuses_what_this_server_did_not_make(self, text: str) -> None:
        try:
            key = decode_cursor(text, int)
        except Invalid as error:
            assert error.fields == {"cursor": ["is not a cursor of this list"]}
        else:
            assert encode_cursor(key) == text

    def test_refuses_a_position_of_another_kind(self) -> None:
        with pytest.raises(Invalid):
            decode_cursor(encode_cursor(["a"]), int)

    @pytest.mark.parametrize(
        ("key", "type"),
        [
            (2**63, int),
            ("a\0b", str),
            (datetime.min, datetime),  # noqa: DTZ901 (what no column holds)
            (datetime(2026, 11, 23), datetime),  # noqa: DTZ001 (the same)
            (("x", datetime(9999, 12, 31, tzinfo=UTC)), tuple[str, datetime]),
        ],
    )
    def test_refuses_what_no_column_holds(self, key: Any, type: Any) -> None:
        with pytest.raises(Invalid):
            decode_cursor(encode_cursor(key), type)


class TestForwardPage:
    def test_does_not_lead_on_from_the_end(self) -> None:
        assert forward_page([1, 2], 2, int) == Page([1, 2])

    def test_leads_on_where_there_is_more(self) -> None:
        page = forward_page([1, 2, 3], 2, int)
        assert page.items == [1, 2]
        assert page.after is not None
        assert decode_cursor(page.after, int) == 2
        assert page.before is None

    def test_may_be_empty(self) -> None:
        assert forward_page([], 2, int) == Page([])

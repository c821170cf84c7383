import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph.mail.inert import BETWEEN, inert, shortened
from support.hostile import HOSTILE

CLICKABLE = re.compile(r"://|www\.\w|\w@\w|\w[.\u3002]\w")
"""What mail programs make links of."""
HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff\u00ad]")


class TestInert:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_leaves_nothing_to_click_on(self, text: str) -> None:
        harmless = inert(text)
        assert not CLICKABLE.search(harmless)
        assert not HIDDEN.search(harmless)

    @given(st.text(max_size=60))
    def test_nor_anything_hidden_nor_a_second_line(self, text: str) -> None:
        harmless = inert(text)
        assert not CLICKABLE.search(harmless)
        assert not HIDDEN.search(harmless)
        assert len(harmless.splitlines()) <= 1
        assert inert(harmless.replace(BETWEEN, "")) == harmless

    @pytest.mark.parametrize(
        "text", ["Ann", "Dr. Ann B.", "what?!", "…", "日本語", "👩‍👩‍👧", "می‌خواهم", "3 > 2", "a, b"]
    )
    def test_leaves_what_is_harmless_as_it_is(self, text: str) -> None:
        assert inert(text) == text

    def test_looks_the_same(self) -> None:
        assert inert("see https://example.org").replace(BETWEEN, "") == "see https://example.org"


class TestShortened:
    def test_says_that_something_is_missing(self) -> None:
        assert shortened("hello there", 8) == "hello t…"
        assert shortened("hello there", 7) == "hello…"

    def test_leaves_what_fits(self) -> None:
        assert shortened("hello", 5) == "hello"

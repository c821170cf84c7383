import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph_kit.sealing import Sealer

SECRET = "0123456789abcdef0123456789abcdef"
SEALER = Sealer(SECRET, "tests")


class TestSealer:
    @given(st.text(max_size=100))
    def test_opens_what_it_has_sealed(self, text: str) -> None:
        sealed = SEALER.seal(text)
        assert re.fullmatch(r"[\w-]+\.[\w-]*\.[\w-]+", sealed, re.ASCII)
        assert SEALER.open(sealed) == text
        assert Sealer(SECRET, "tests").open(sealed) == text

    def test_never_says_the_same_twice(self) -> None:
        assert SEALER.seal("a") != SEALER.seal("a")

    def test_neither_shows_nor_keeps_the_text(self) -> None:
        assert "ann" not in SEALER.seal("ann@example.org")

    @pytest.mark.parametrize(
        "other", [Sealer(SECRET[::-1], "tests"), Sealer(SECRET, "something else")]
    )
    def test_another_secret_or_purpose_opens_nothing(self, other: Sealer) -> None:
        assert other.open(SEALER.seal("a")) is None

    def test_what_was_changed_opens_no_more(self) -> None:
        sealed = SEALER.seal("global")
        for position, letter in enumerate(sealed[:-1]):  # the last one's lowest bits are padding
            changed = sealed[:position] + ("A" if letter != "A" else "B") + sealed[position + 1 :]
            assert SEALER.open(changed) is None

    @given(st.text(max_size=60))
    def test_nor_does_anything_else(self, text: str) -> None:
        assert SEALER.open(text) is None

    def test_nor_what_is_too_long(self) -> None:
        assert SEALER.open(SEALER.seal("x" * 3000)) is None

"""Long texts and people's names in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph.imports.texts import rename, split


class TestSplit:
    def test_what_fits_stays_whole(self) -> None:
        assert split("hello  world", 20) == ["hello  world"]

    def test_breaks_at_lines_then_at_words_then_anywhere(self) -> None:
        assert split("aaaa bbbb\ncccc", 10) == ["aaaa bbbb", "cccc"]
        assert split("aaaa bbbb cccc", 10) == ["aaaa bbbb", "cccc"]
        assert split("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]

    @given(st.text(max_size=300), st.integers(1, 50))
    def test_loses_nothing_but_white_space(self, text: str, limit: int) -> None:
        parts = split(text, limit)
        assert all(0 < len(part) <= limit for part in parts)
        assert "".join("".join(parts).split()) == "".join(text.split())


class TestRename:
    @pytest.mark.parametrize(
        ("text", "renamed"),
        [
            ("hi @U1, @U12!", "hi @ann, @bob!"),
            ("@U1x stays", "@U1x stays"),
            ("Ann Lee and (c+)", "@ann.lee and @c"),
        ],
    )
    def test_whole_words_only_longest_first(self, text: str, renamed: str) -> None:
        names = {"@U1": "ann", "@U12": "bob", "Ann Lee": "ann.lee", "(c+)": "c"}
        assert rename(text, names) == renamed

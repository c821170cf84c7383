"""Where in a text a query's words are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgraph.search.analysis_matching import Fragments
from cgraph.search.errors import InvalidQuery
from cgraph.search.grammar import parse
from cgraph.search.highlights import WINDOW, Highlighted, Highlighter


def highlight(text: str, query: str, fragments: Fragments | None = None) -> Highlighted:
    return Highlighter(parse(query), fragments).highlight(text)


def marked(text: str, query: str, fragments: Fragments | None = None) -> list[str]:
    found = highlight(text, query, fragments)
    return [text[start : start + length] for start, length in found.spans]


class TestHighlight:
    @pytest.mark.parametrize(
        ("text", "query", "expected"),
        [
            ("I was running to the run", "run", ["running", "run"]),
            ("Häuser in der Straße", "haus strasse", ["Häuser", "Straße"]),
            ("we keep bees, bees keep us", '"bees keep"', ["bees", "keep"]),
            ("running and ran", '"run"', []),
            ("connect the connector", "conn*", ["connect", "connector"]),
            ("東京都に住む", "京都", ["京都"]),
            ("東京 と 京", "京", ["京", "京"]),
            ("สวัสดีครับ", "สดี", ["สดี"]),
            ("see https://docs.example.com/a", "example.com", ["example", "com"]),
            ("C++ or C", "c++", ["C++"]),
            ("ask @ann about #bees", "tag:bees @ann", ["@ann", "#bees"]),
            ("getUserName()", "name", ["getUserName"]),
            ("nice 👍🏽 indeed", "👍", ["👍🏽"]),
            ("cats and dogs", "cats -dogs", ["cats"]),
            ("send me an e-mail", "email", ["e-mail"]),
            ("nothing of it", "bees", []),
        ],
    )
    def test_marks_what_was_found(self, text: str, query: str, expected: list[str]) -> None:
        assert marked(text, query) == expected

    def test_marks_what_a_fragment_stands_for(self) -> None:
        assert marked("my keyboard", "*yboa*", {"yboa": ["keyboard"]}) == ["keyboard"]
        assert marked("my keyboard", "keybaord", {"keybaord": ["keyboard"]}) == ["keyboard"]

    def test_counts_code_points_of_the_text_as_it_is(self) -> None:
        text = "😀 e\u0301te\u0301 ﬁne"
        assert highlight(text, "ete fine").spans == [(2, 5), (8, 3)]

    def test_shows_all_of_a_short_text(self) -> None:
        found = highlight("short", "nothing")
        assert (found.start, found.length, found.spans) == (0, 5, [])

    def test_shows_the_part_with_the_most_of_what_was_looked_for(self) -> None:
        text = f"bees {'x ' * 300}the bees keep honey for us {'y ' * 300}bees bees bees"
        found = highlight(text, "bees honey")
        part = text[found.start : found.start + found.length]
        assert "the bees keep honey for us" in part
        assert found.length <= WINDOW
        assert part.startswith("x ")
        assert [text[start : start + length] for start, length in found.spans] == ["bees", "honey"]

    def test_shows_the_beginning_where_nothing_was_found(self) -> None:
        assert highlight("x" * 1000, "bees").start == 0

    @given(
        st.text(st.sampled_from(list("ab 東京'-#.é👍")), max_size=400),
        st.text(st.sampled_from(list('ab 東京"-*#é👍')), min_size=1, max_size=12),
    )
    @settings(max_examples=200, deadline=None)
    def test_stays_within_the_text(self, text: str, typed: str) -> None:
        try:
            query = parse(typed)
        except InvalidQuery:
            return
        found = Highlighter(query).highlight(text, window=60)
        ends = [found.start, *(place for a, n in found.spans for place in (a, a + n))]
        assert ends == sorted(ends)
        assert ends[-1] <= found.start + found.length <= len(text)
        assert all(length > 0 for _, length in found.spans)

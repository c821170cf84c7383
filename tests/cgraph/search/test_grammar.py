"""What was typed, understood."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgraph.search.errors import InvalidQuery
from cgraph.search.grammar import parse
from cgraph.search.limits import Limits
from cgraph.search.query import CHOICES, OPERATORS, Query, Term

NOW = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)


def terms(text: str) -> list[tuple[str, str, bool]]:
    return [(term.how, term.text, term.negated) for term in parse(text).terms]


def values(text: str, operator: str, *, negated: bool = False) -> list[str]:
    return [value.text for value in parse(text).values(operator, negated=negated)]  # type: ignore[arg-type]


def refused(text: str) -> dict[str, object]:
    with pytest.raises(InvalidQuery) as caught:
        parse(text)
    return caught.value.extra


class TestTerms:
    def test_reads_words_quotations_and_stars(self) -> None:
        assert terms('one "two three" fou* *ive*') == [
            ("word", "one", False),
            ("phrase", "two three", False),
            ("prefix", "fou", False),
            ("infix", "ive", False),
        ]

    def test_negates_each_of_them(self) -> None:
        assert terms('a -b -"c d" -ef* -*ghi*') == [
            ("word", "a", False),
            ("word", "b", True),
            ("phrase", "c d", True),
            ("prefix", "ef", True),
            ("infix", "ghi", True),
        ]

    @pytest.mark.parametrize(
        "text",
        [
            *("--force", "a-b", "-", "https://example.org/a?b=c:d", "12:30", r"C:\x", r"c:\x"),
            *("std::vector", "example.org:8080", "Re:this", ":smile:", "a:b", "todo:", "TODO:x"),
            *('5"disk', "in::out", "from://x", "From:", "x*y", "C++", "#tag", "@ann", "дом:я"),
        ],
    )
    def test_leaves_text_as_it_is(self, text: str) -> None:
        assert terms(f"{text} more") == [("word", text, False), ("word", "more", False)]

    def test_unescapes_quotes_and_takes_those_of_phones(self) -> None:
        assert terms(r'"say \"hi\" in C:\dir\\"') == [
            ("phrase", r'say "hi" in C:\dir' + "\\", False)
        ]
        assert terms("“two words” „und zwei“") == [
            ("phrase", "two words", False),
            ("phrase", "und zwei", False),
        ]

    def test_says_where_each_was_typed(self) -> None:
        assert [(term.start, term.length) for term in parse(' x  -"y z" wo*').terms] == [
            (1, 1),
            (4, 6),
            (11, 3),
        ]


class TestOperators:
    def test_takes_several_values_and_strips_their_signs(self) -> None:
        assert values('from:@ann,"Ann Lee" from:bob', "from") == ["ann", "Ann Lee", "bob"]
        assert values("in:#general", "in") == ["general"]
        assert values("tag:#дом", "tag") == ["дом"]
        assert values('from:"@ann"', "from") == ["@ann"]

    def test_keeps_apart_what_must_not_be(self) -> None:
        assert values("x from:ann -from:bob", "from") == ["ann"]
        assert values("x from:ann -from:bob", "from", negated=True) == ["bob"]

    def test_knows_values_in_any_case_and_by_other_names(self) -> None:
        assert values("has:LINK,photo", "has") == ["link", "image"]
        assert values("TYPE:people", "type") == ["user"]

    def test_alone_makes_a_search(self) -> None:
        assert parse("is:pinned").terms == ()

    @pytest.mark.parametrize(
        ("text", "reason", "position", "word"),
        [
            ("a foo:bar", "unknown_operator", 2, "foo:"),
            ("a -foo:bar", "unknown_operator", 3, "foo:"),
            ("localhost:8080", "unknown_operator", 0, "localhost:"),
            ("x from: y", "missing_value", 2, "from:"),
            ("from:,a", "missing_value", 5, ""),
            ('from:""', "missing_value", 5, '""'),
            ("from:a,", "missing_value", 7, ""),
            ("has:link,bird", "unknown_value", 9, "bird"),
            ("is:me", "unknown_value", 3, "me"),
            ("type:-", "unknown_value", 5, "-"),
            ("before:2026-13", "bad_date", 7, "2026-13"),
            ("on:2026-02-30", "bad_date", 3, "2026-02-30"),
            ("after:soon", "bad_date", 6, "soon"),
            ("after:99999d", "bad_date", 6, "99999d"),
            ("before:26-1-1", "bad_date", 7, "26-1-1"),
            ("before:2026,2027", "one_value", 0, "before:2026,2027"),
            ("score:>x", "bad_score", 6, ">x"),
            ("score:>", "bad_score", 6, ">"),
            ("a -score:5", "not_negatable", 2, "-score:5"),
            ("a -on:today", "not_negatable", 2, "-on:today"),
            ('a "b c', "unclosed_quote", 2, '"b c'),
            ('from:"b c', "unclosed_quote", 5, '"b c'),
            ("-a -from:b", "only_negations", 0, "-a"),
            ("", "empty", 0, ""),
            ("  ", "empty", 0, "  "),
            ("!!! -", "no_words", 0, "!!! -"),
            ("x a*", "too_short", 2, "a*"),
            ("x *ab*", "too_short", 2, "*ab*"),
            ("*foo.bar*", "not_one_word", 0, "*foo.bar*"),
        ],
    )
    def test_refuses_with_the_place(self, text: str, reason: str, position: int, word: str) -> None:
        extra = refused(text)
        assert (extra["reason"], extra["position"], extra["word"]) == (reason, position, word)
        assert extra["length"] == len(word)

    def test_says_what_could_stand_there(self) -> None:
        assert refused("foo:bar")["allowed"] == list(OPERATORS)
        assert refused("has:bird")["allowed"] == list(CHOICES["has"])

    def test_bounds_how_much_is_asked(self) -> None:
        few = Limits(query_max=20, query_parts_max=3)
        parse("a b c", limits=few)
        for text in ("a b c d", "from:a,b,c,d", "x" * 21):
            with pytest.raises(InvalidQuery):
                parse(text, limits=few)


class TestBounds:
    def bounds(self, text: str, zone: str = "UTC") -> tuple[str | None, str | None]:
        query = parse(text, now=NOW, zone=ZoneInfo(zone))
        moments = (query.since, query.before)
        since, before = (m.astimezone(UTC).strftime("%m-%d %H") if m else None for m in moments)
        return since, before

    @pytest.mark.parametrize(
        ("text", "since", "before"),
        [
            ("on:2026-11-23", "11-23 00", "11-24 00"),
            ("on:2026-11", "11-01 00", "12-01 00"),
            ("on:2026-12", "12-01 00", "01-01 00"),
            ("on:2026", "01-01 00", "01-01 00"),
            ("on:today", "11-23 00", "11-24 00"),
            ("on:yesterday", "11-22 00", "11-23 00"),
            ("on:7d", "11-16 00", "11-17 00"),
            ("after:7d", "11-16 22", None),
            ("before:12h", None, "11-23 10"),
            ("after:2w", "11-09 22", None),
            ("after:2026-11-20", "11-21 00", None),
            ("before:2026-11-20", None, "11-20 00"),
            ("a -before:2026-11-20", "11-20 00", None),
            ("a -after:2026-11-20", None, "11-21 00"),
            ("after:2026-11-01 after:2026-11-05 before:2026-11-20", "11-06 00", "11-20 00"),
        ],
    )
    def test_narrows(self, text: str, since: str | None, before: str | None) -> None:
        assert self.bounds(text) == (since, before)

    def test_means_days_of_the_reader(self) -> None:
        assert self.bounds("on:today", "Europe/Berlin") == ("11-22 23", "11-23 23")
        assert self.bounds("on:today", "Asia/Tokyo") == ("11-23 15", "11-24 15")

    @pytest.mark.parametrize(("text", "hours"), [("after:12h", 12), ("after:7d", 168)])
    def test_counts_hours_though_clocks_were_put_back(self, text: str, hours: int) -> None:
        now = datetime(2026, 10, 25, 12, tzinfo=UTC)
        query = parse(text, now=now, zone=ZoneInfo("Europe/Berlin"))
        assert query.since
        assert now - query.since.astimezone(UTC) == timedelta(hours=hours)

    @pytest.mark.parametrize(
        ("text", "above", "below"),
        [
            ("score:>5", 5, None),
            ("score:>=10", 9, None),
            ("score:<5", None, 5),
            ("score:<=-3", None, -2),
            ("score:7", 6, 8),
            ("x -score:>5", None, 6),
            ("score:>5 score:>2 score:<9", 5, 9),
        ],
    )
    def test_reads_scores(self, text: str, above: int | None, below: int | None) -> None:
        query = parse(text)
        assert (query.score_above, query.score_below) == (above, below)


def without_places(query: Query) -> Query:
    plain = msgspec.to_builtins(query)
    for part in (*plain["terms"], *plain["conditions"]):
        for place in (part, *part.get("values", ())):
            place["start"] = place["length"] = 0
    return msgspec.convert(plain, Query)


ANYTHING = st.text(
    st.sampled_from(list('ab:*-"\\,@#>5 “”„ d東ё/.😀\n')) | st.characters(), max_size=60
)
TERMS = st.builds(
    Term,
    st.sampled_from(["phrase", "word", "prefix", "infix"]),
    st.text(st.sampled_from('abcd"\\東:'), min_size=1, max_size=8).map(lambda text: f"abc{text}"),
)


class TestPrinting:
    @given(ANYTHING)
    @settings(max_examples=300, deadline=None)
    def test_any_text_is_read_again_as_the_same_or_refused_at_a_place(self, text: str) -> None:
        try:
            query = parse(text, now=NOW)
        except InvalidQuery as error:
            start, length = error.extra["position"], error.extra["length"]
            assert 0 <= start <= start + length <= len(text)
            assert error.extra["word"] == text[start : start + length]
        else:
            assert without_places(parse(str(query), now=NOW)) == without_places(query)

    @given(st.lists(TERMS, min_size=1, max_size=5))
    @settings(max_examples=100, deadline=None)
    def test_keeps_quotations(self, wanted: list[Term]) -> None:
        quotations = tuple(term for term in wanted if term.how == "phrase")
        printed = " ".join(map(str, quotations)) or "x"
        read = parse(printed).terms if quotations else ()
        assert [term.text for term in read] == [term.text for term in quotations]

    def test_takes_time_in_proportion(self) -> None:
        hostile = ('"' + "\\" * 400 + '"', "*" * 500, "-" * 500, "a:" * 250, ('""' * 20)[:40])
        for text in hostile:
            try:
                parse(text)
            except InvalidQuery as error:
                assert error.code == "invalid_search"

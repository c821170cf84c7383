"""By which terms a text is found."""
# ruff: noqa: RUF001 (these are the letters of those languages)

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgraph.search.analysis import PLACES_MOST, POSITION_MOST, analysed, tokens
from cgraph.search.document import occurrences
from cgraph.search.folding import fold
from cgraph.search.languages import guess
from cgraph.search.stems import stems
from cgraph_kit.db import Transaction


def terms(text: str, language: str | None = None) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for occurrence in occurrences(analysed("", text, language).terms):
        found.setdefault(occurrence.term, []).append(occurrence.position)
    return found


class TestFold:
    @pytest.mark.parametrize(
        ("written", "folded"),
        [
            ("Café", "cafe"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("Ørsted", "orsted"), ("Łódź", "lodz"),
            ("Œuvre", "oeuvre"), ("İstanbul", "istanbul"), ("ISPARTA", "isparta"), ("ısparta", "isparta"), ("Ёлка", "елка"),
            ("Йод", "йод"), ("И\u0306од", "йод"), ("Ελλάς", "ελλασ"), ("ΕΛΛΆΣ", "ελλασ"), ("שָׁלוֹם", "שלום"),
            ("مُحَمَّد", "محمد"), ("أحمد", "احمد"), ("Ｈｅｌｌｏ", "hello"), ("ﬁne", "fine"), ("inter\u00adnational", "international"),
            ("don't", "dont"), ("don’t", "dont"), ("Nguyễn", "nguyen"), ("e\u0301te\u0301", "ete"), ("x" * 300, "x" * 100),
        ],
    )  # fmt: skip
    def test_makes_spellings_one(self, written: str, folded: str) -> None:
        assert fold(written) == folded

    @given(st.text(max_size=30))
    def test_is_done_once_for_all(self, text: str) -> None:
        assert fold(fold(text)) == fold(text)


class TestStems:
    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("en", ("connect", "connected", "connections")), ("de", ("Haus", "Häuser", "Hauses")), ("ru", ("книга", "книги", "книгу")),
            ("fr", ("maison", "maisons")), ("es", ("gatos", "gato")), ("el", ("γάτα", "γάτες")), ("it", ("gatto", "gatti")),
        ],
    )  # fmt: skip
    def test_join_the_forms_of_a_word(self, language: str, words: tuple[str, ...]) -> None:
        assert len({stem for word in words for stem in stems(word, [language])}) <= 2
        first = set(stems(words[0], [language]))
        assert all(first & set(stems(word, [language])) for word in words)

    def test_leave_alone_what_has_none(self) -> None:
        assert stems("the", ["en"]) == stems("ab", ["en"]) == stems("v2beta", ["en"]) == []

    def test_find_accents_by_lazy_typists(self) -> None:
        assert set(stems("elevees", ["fr"])) & set(stems("élevées", ["fr"]))


class TestGuess:
    @pytest.mark.parametrize(
        ("language", "text"),
        [
            ("en", "I think we should have a look at this before the weekend"),
            ("de", "Ich glaube, wir sollten uns das vor dem Wochenende noch ansehen"),
            ("fr", "Je pense que nous devrions regarder ça avant le week-end"),
            ("es", "Creo que deberíamos mirarlo antes del fin de semana, pero no hay prisa"),
            ("it", "Penso che dovremmo guardarlo prima della fine della settimana"),
            ("pt", "Acho que não devemos fazer isso antes do fim de semana"),
            ("nl", "Ik denk dat we dit voor het weekend nog moeten bekijken"),
            ("sv", "Jag tror att vi inte ska göra det före helgen"),
            ("pl", "Myślę, że to nie jest dobry pomysł, ale możemy spróbować"),
            ("tr", "Bence bu çok güzel bir fikir değil ama olabilir"),
            (None, "deploy failed yesterday"),
            (None, "Зранку ми були в парку"),
        ],
    )
    def test_knows_by_small_words(self, language: str | None, text: str) -> None:
        guessed = guess(re.findall(r"\w+", text))
        assert guessed == language

    @pytest.mark.parametrize(("word", "language"), [("jeg", "da"), ("die", "de")])
    def test_of_equals_is_the_same_everywhere(self, word: str, language: str) -> None:
        assert guess([word]) == language

    def test_takes_plain_words_for_english(self) -> None:
        assert "~en:fail" in terms("deploy failed yesterday")
        assert not any(term.startswith("~") for term in terms("đuraš"))

    def test_is_that_of_the_text_for_a_short_title(self) -> None:
        found = analysed("Alte Wespen", "Die Wespen sind nicht mehr da, und wir haben Ruhe.")
        assert "'~de:wesp':2A" in found.terms

    def test_is_overruled_by_what_was_declared(self) -> None:
        assert "~de:haus" in terms("Haus", "de-AT")
        assert not any(term.startswith("~") for term in terms("книга", "uk"))


class TestTokens:
    def texts(self, text: str, *kinds: str) -> list[tuple[str, ...]]:
        return [tuple(token.terms) for token in tokens(text) if not kinds or token.kind in kinds]

    def test_counts_a_position_for_each_piece(self) -> None:
        assert [(t.terms[0], t.position, t.start, t.end) for t in tokens("The cat’s 2 toys")] == [
            ("the", 1, 0, 3),
            ("cats", 2, 4, 9),
            ("2", 3, 10, 11),
            ("toys", 4, 12, 16),
        ]

    @pytest.mark.parametrize(
        ("text", "marks"),
        [
            ("C++ and C# on .NET", ["c++", "c#", ".net"]),
            ("C++17 i++ F#", ["c++", "i++", "f#"]),
            ("#include #Дом #東京 #a_b", ["#include", "#дом", "#東京", "#a_b"]),
            ("@Ann_Lee hi ann@example.com", ["@ann_lee"]),
            ("e-mail well-known a-b-c --x", ["email", "wellknown"]),
            ("end. next .gitignore a.b", [".gitignore"]),
            ("&#39; x#y", []),
        ],
    )
    def test_has_a_term_for_words_with_signs(self, text: str, marks: list[str]) -> None:
        assert [terms[0] for terms in self.texts(text, "mark")] == marks

    def test_cuts_what_is_composed_into_neighbours(self) -> None:
        found = terms(
            "see https://docs.example.com/a/report_final-v2.pdf?x=1 and snake_case std::vector 1.2.3"
        )
        words = "https docs example com a report final v2 pdf x 1 and snake case std vector 1 2 3"
        assert all(position in found[word] for position, word in enumerate(words.split(), start=2))

    def test_finds_camel_case_whole_and_in_parts(self) -> None:
        found = terms("getHTTPUserNames of postgreSQL")
        assert {
            "gethttpusernames",
            "get",
            "http",
            "user",
            "names",
            "~en:name",
            "postgresql",
        } <= found.keys()
        assert found["get"] == found["names"] == found["gethttpusernames"] == [1]

    def test_pairs_the_characters_of_runs(self) -> None:
        assert self.texts("東京都 한국") == [("東京",), ("京都",), ("都",), ("한국",), ("국",)]
        assert self.texts("สวัส") == [("สว",), ("วั",), ("ัส",), ("ส",)]

    def test_keeps_the_places_of_what_is_composed_anew(self) -> None:
        half, jamo = "ｶﾞｷﾞ", "\u1112\u1161\u11ab\u1100\u116e\u11a8"
        assert [(t.terms, t.start, t.end) for t in tokens(half)] == [
            (("ガギ",), 0, 4),
            (("ギ",), 2, 4),
        ]
        assert [(t.terms, t.start, t.end) for t in tokens(jamo)] == [
            (("한국",), 0, 6),
            (("국",), 3, 6),
        ]

    def test_takes_emoji_for_words(self) -> None:
        assert self.texts("👍🏽 👨‍👩‍👧 🇩🇪 ❤️ 1️⃣") == [
            ("👍🏽", "👍"),
            ("👨\u200d👩\u200d👧", "👨", "👩", "👧"),
            ("🇩🇪",),
            ("❤",),
            ("1\u20e3",),
        ]

    @given(
        st.text(
            st.sampled_from(list("aBc1'’#@.-+ _東京ก👍🏽\u200déüßأи\n")) | st.characters(),
            max_size=60,
        )
    )
    @settings(max_examples=300, deadline=None)
    def test_lie_in_the_text_in_order(self, text: str) -> None:
        found = list(tokens(text))
        assert all(0 <= token.start < token.end <= len(text) for token in found)
        positions = [token.position for token in found]
        assert positions == sorted(positions)


class TestAnalysed:
    def test_weighs_titles_and_keeps_them_apart(self) -> None:
        found = list(occurrences(analysed("Bees", "bees").terms))
        assert [(o.term, o.position, o.weight) for o in found if o.term == "bees"] == [
            ("bees", 1, "A"),
            ("bees", 12, "D"),
        ]

    def test_lists_the_words_for_fragments(self) -> None:
        assert analysed("", "The Müllers saw it, 東京 😀 ok").words == (
            "muellers",
            "mullers",
            "saw",
            "the",
        )

    @given(
        st.text(
            st.sampled_from(list("aBc1'’#@.-+ _東京ก👍🏽\u200déüßأи\n\\")) | st.characters(),
            max_size=80,
        )
    )
    @settings(max_examples=300, deadline=None)
    def test_says_the_same_whichever_way_is_quicker(self, text: str) -> None:
        slow: dict[str, list[int]] = {}
        for token in tokens(text):
            for term in token.terms:
                slow.setdefault(term, []).append(token.position)
        assert terms(text) == slow

    @given(st.text(max_size=80))
    def test_has_nothing_to_escape(self, text: str) -> None:
        for token in tokens(text):
            for term in token.terms:
                assert not set(term) & set("'\\\0 ")
                assert 0 < len(term.encode()) < 2046

    @pytest.mark.parametrize(
        "character",
        ["a ", "ab😀", "東", "ก", "é ü ", "\u0915\u093f ", "Ab", "👍🏽\u200d", "\ufdfa"],
    )
    def test_stays_within_what_the_database_takes(self, character: str) -> None:
        text = (character * 60_000)[:60_000]
        made = analysed("", text)
        assert len(made.terms.encode()) < 2_000_000
        of: dict[str, int] = {}
        for occurrence in occurrences(made.terms):
            assert occurrence.position <= POSITION_MOST
            of[occurrence.term] = of.get(occurrence.term, 0) + 1
        assert max(of.values()) <= PLACES_MOST
        assert max(len(term.encode()) for term in of) < 2046

    async def test_is_what_the_database_takes(self, db: Transaction) -> None:
        letters = Random(7)  # noqa: S311
        points = [*range(32, 0x3100), *range(0x4E00, 0x4F00), *range(0x1F300, 0x1FB00), 0xFDFA]
        texts = ["".join(map(chr, letters.choices(points, k=2000))) for _ in range(20)]
        rare = "".join(map(chr, letters.choices(range(0x20000, 0x2A000), k=60_000)))
        for text in (*texts, rare):
            made = analysed(text[:100], text).terms
            kept = await db.value("SELECT length($1::text::tsvector)", made)
            assert kept == len({occurrence.term for occurrence in occurrences(made)})

    def test_reads_hostile_texts_in_time(self) -> None:
        for hostile in (
            "-" * 50_000,
            "a-" * 25_000,
            "#" * 50_000,
            "a'" * 25_000,
            "aA" * 25_000,
            "\u0301" * 50_000,
        ):
            analysed("", hostile)
            list(tokens(hostile))

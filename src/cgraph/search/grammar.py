"""The grammar of searches: what was typed, read once from left to right into a typed query.

    query     := part*                    part  := ["-"] (condition | phrase | word)
    condition := operator ":" value ("," value)*
    value     := phrase | characters other than spaces and commas
    phrase    := '"' … '"'                (\\" and \\\\ stand for " and \\)
    word      := characters other than spaces; `word*`, `*word*`

An operator is two ASCII letters or more directly before a colon at the start of a part. Unless what follows the colon is
`//`, `:` or `\\` (addresses, `std::vector`), a space or the end, a lower-case word there that is no operator is an error:
whoever means the text quotes it. Known operators are known in capitals too, for phones begin sentences with them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from string import ascii_letters
from typing import NoReturn

from cgraph_kit import clock

from .errors import InvalidQuery
from .grammar_bounds import Bounds
from .grammar_terms import check_terms, term_of
from .limits import DEFAULT_LIMITS, Limits
from .query import CHOICES, OPERATORS, QUOTES, SIGNS, Condition, Operator, Query, Term, Value

SYNONYMS = {"people": "user", "person": "user", "picture": "image", "photo": "image"}
_CLOSING = '"“”'
_LETTERS = frozenset(ascii_letters)
_BOUNDS = frozenset({"before", "after", "on", "score"})


def parse(
    text: str,
    *,
    now: datetime | None = None,
    zone: tzinfo = UTC,
    limits: Limits = DEFAULT_LIMITS,
) -> Query:
    """What was typed, as a query; days are those of `zone`. Raises `InvalidQuery`, and nothing else."""
    if len(text) > limits.query_max:
        past = len(text) - limits.query_max
        _refuse(
            text, limits.query_max, past, "too_long", f"more than {limits.query_max} characters"
        )
    terms, conditions = _Reader(text, limits.query_parts_max).parts()
    check_terms(text, terms, conditions)
    bounds = Bounds(text, now or clock.now(), zone)
    for condition in conditions:
        bounds.take(condition)
    return Query(terms=tuple(terms), conditions=tuple(conditions), **bounds.asdict())


class _Reader:
    """A text, and how far it has been read."""

    def __init__(self, text: str, most: int) -> None:
        self.text = text
        self.at = 0
        self._most = most
        self._count = 0

    def parts(self) -> tuple[list[Term], list[Condition]]:
        terms: list[Term] = []
        conditions: list[Condition] = []
        while self._skip_spaces():
            start = self.at
            negated = self._take_minus()
            operator = self._take_operator()
            if operator is not None:
                conditions.append(self._condition(operator, negated, start))
            else:
                terms.append(self._term(negated, start))
        return terms, conditions

    def _skip_spaces(self) -> bool:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at < len(self.text)

    def _take_minus(self) -> bool:
        follows = self.text[self.at + 1 : self.at + 2]
        if self.text[self.at] != "-" or follows in ("", "-") or follows.isspace():
            return False
        self.at += 1
        return True

    def _take_operator(self) -> Operator | None:
        word, follows = self._before_colon()
        if not word or follows[:1] in (":", "\\") or follows == "//":
            return None
        empty = not follows or follows[0].isspace()
        known = next((name for name in OPERATORS if name == word.lower()), None)
        if word.islower() and known is None and not empty:
            self._refuse_operator(word)
        if word.islower() and known is not None and empty:
            _refuse(self.text, self.at, len(word) + 1, "missing_value", f"{word}: needs a value")
        if known is None or empty:
            return None
        self.at += len(word) + 1
        return known

    def _before_colon(self) -> tuple[str, str]:
        """A word that may be an operator, and two characters of what follows its colon."""
        end = self.at
        while end < len(self.text) and self.text[end] in _LETTERS:
            end += 1
        # Drives have one letter.
        if end - self.at <= 1 or self.text[end : end + 1] != ":":
            return "", ""
        return self.text[self.at : end], self.text[end + 1 : end + 3]

    def _refuse_operator(self, word: str) -> NoReturn:
        reason = f"{word}: is no operator; quotes make it a text"
        _refuse(self.text, self.at, len(word) + 1, "unknown_operator", reason, allowed=OPERATORS)

    def _condition(self, operator: Operator, negated: bool, start: int) -> Condition:
        values = [self._value(operator)]
        while self.text[self.at : self.at + 1] == ",":
            self.at += 1
            values.append(self._value(operator))
        length = self.at - start
        if operator in _BOUNDS and len(values) > 1:
            _refuse(self.text, start, length, "one_value", f"{operator}: takes one value")
        return Condition(operator, tuple(values), negated, start, length)

    def _value(self, operator: Operator) -> Value:
        start = self.at
        self._count_part(start)
        if self.text[start : start + 1] in tuple(QUOTES):
            text = self._quotation()
        else:
            text = self._run(",").removeprefix(SIGNS.get(operator, "\0"))
        if not text.strip():
            length = self.at - start
            _refuse(self.text, start, length, "missing_value", f"{operator}: needs a value")
        if operator in CHOICES:
            text = self._choice(operator, text, start)
        return Value(text, start, self.at - start)

    def _choice(self, operator: Operator, text: str, start: int) -> str:
        value = SYNONYMS.get(text.lower(), text.lower())
        if value not in CHOICES[operator]:
            allowed = CHOICES[operator]
            reason = f"{operator}: knows {', '.join(allowed)}"
            _refuse(self.text, start, self.at - start, "unknown_value", reason, allowed=allowed)
        return value

    def _term(self, negated: bool, start: int) -> Term:
        self._count_part(start)
        if self.text[self.at] in QUOTES:
            text = self._quotation()
            return Term("phrase", text, negated, start, self.at - start)
        run = self._run("")
        return term_of(run, negated, start, self.at - start)

    def _run(self, stop: str) -> str:
        start = self.at
        while self.at < len(self.text):
            mark = self.text[self.at]
            if mark.isspace() or mark == stop:
                break
            self.at += 1
        return self.text[start : self.at]

    def _quotation(self) -> str:
        start = self.at
        read: list[str] = []
        self.at += 1
        while self.at < len(self.text):
            mark = self.text[self.at]
            self.at += 1
            if mark in _CLOSING:
                return "".join(read)
            escaped = self.text[self.at : self.at + 1]
            if mark == "\\" and escaped in ("\\", '"'):
                mark = escaped
                self.at += 1
            read.append(mark)
        message = "a quotation has no end"
        raise InvalidQuery.at(self.text, start, self.at - start, "unclosed_quote", message)

    def _count_part(self, start: int) -> None:
        self._count += 1
        if self._count > self._most:
            rest = len(self.text) - start
            reason = f"more than {self._most} words and values"
            _refuse(self.text, start, rest, "too_many", reason)


def _refuse(
    text: str, start: int, length: int, reason: str, message: str, *, allowed: Sequence[str] = ()
) -> NoReturn:
    raise InvalidQuery.at(text, start, length, reason, message, allowed=allowed)

"""Words with stars, and what words a search must have."""

from collections.abc import Sequence

from .analysis_matching import fragment_of, is_run
from .analysis_pieces import pieces
from .errors import InvalidQuery
from .query import Condition, Term

PREFIX_LEAST = 2
INFIX_LEAST = 3
"""Characters before or between stars; one is enough in scripts without spaces."""


def term_of(run: str, negated: bool, start: int, length: int) -> Term:
    """A word, without the stars that say how it is meant."""
    inner = run.strip("*")
    if inner and run.startswith("*"):
        return Term("infix", inner, negated, start, length)
    if inner and run.endswith("*"):
        return Term("prefix", inner, negated, start, length)
    return Term("word", run, negated, start, length)


def check_terms(text: str, terms: Sequence[Term], conditions: Sequence[Condition]) -> None:
    """Raises `InvalidQuery` for stars around too little, for no words at all, and for nothing but what must not be."""
    for term in terms:
        _check_stars(text, term)
    parts: list[Term | Condition] = [term for term in terms if any(pieces(term.text))]
    parts += conditions
    if any(not part.negated for part in parts):
        return
    if parts:
        first = min(parts, key=lambda part: part.start)
        message = "a search needs something that is to be found"
        raise InvalidQuery.at(text, first.start, first.length, "only_negations", message)
    reason, message = ("no_words", "there is no word in this") if terms else ("empty", "is empty")
    raise InvalidQuery.at(text, 0, len(text), reason, message)


def _check_stars(text: str, term: Term) -> None:
    if term.how not in ("prefix", "infix") or is_run(term):
        return
    least = PREFIX_LEAST if term.how == "prefix" else INFIX_LEAST
    fragment = fragment_of(term)
    reason = message = None
    if sum(map(str.isalnum, term.text)) < least:
        reason, message = "too_short", f"a star needs {least} letters"
    elif term.how == "infix" and fragment is None:
        reason, message = "not_one_word", "two stars go around one word"
    if reason and message:
        raise InvalidQuery.at(text, term.start, term.length, reason, message)

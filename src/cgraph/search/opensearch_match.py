"""What is looked for, as a query of OpenSearch's."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeGuard

from .backend import AllOf, AnyOf, Match, NoneOf, Phrase, Word
from .opensearch_stream import phrase_of

Clause = dict[str, Any]

EVERYTHING: Clause = {"match_all": {}}
NOTHING: Clause = {"match_none": {}}
EXPANDED_MOST = 1_000
"""Words that begin with what ends in a star within a phrase."""
TITLES_WEIGH = 4.0
"""How much more it says that a title has a word."""
WEIGHED_MOST = 40
"""Alternatives that are weighed one by one; among more none is better than another."""


def clause_of(match: Match, *, scored: bool = False) -> Clause:
    """`scored`: it says not only whether, but how well."""
    match match:
        case Word():
            return _scored_word(match) if scored else _word(match)
        case Phrase(parts, steps):
            return _phrase(parts, steps or [1] * (len(parts) - 1), scored=scored)
        case AllOf(of):
            how = "must" if scored else "filter"
            return (
                {"bool": {how: [clause_of(one, scored=scored) for one in of]}} if of else EVERYTHING
            )
        case AnyOf(of):
            return _any(of, scored=scored)
        case NoneOf(of):
            return {"bool": {"must_not": [clause_of(one) for one in of]}} if of else EVERYTHING


def _word(word: Word) -> Clause:
    field = "titles" if word.titles else "terms"
    return {"prefix" if word.prefix else "term": {field: {"value": word.text}}}


def _scored_word(word: Word) -> Clause:
    found = _word(word)
    if word.titles:
        return found
    titled = {
        "prefix" if word.prefix else "term": {"titles": {"value": word.text, "boost": TITLES_WEIGH}}
    }
    return {"bool": {"must": [found], "should": [titled]}}


def _any(of: Sequence[Match], *, scored: bool) -> Clause:
    """Whole words together count as one: of clauses a query may have a thousand."""
    if scored and len(of) <= WEIGHED_MOST:
        return (
            {"dis_max": {"queries": [clause_of(one, scored=True) for one in of]}} if of else NOTHING
        )
    words = [one.text for one in of if _is_plain(one)]
    clauses = [clause_of(one) for one in of if not _is_plain(one)]
    if words:
        clauses.append({"terms": {"terms": words}})
    if len(clauses) <= 1:
        return clauses[0] if clauses else NOTHING
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def _is_plain(match: Match) -> TypeGuard[Word]:
    return isinstance(match, Word) and not match.prefix and not match.titles


def _phrase(parts: Sequence[Word | AnyOf], steps: Sequence[int], *, scored: bool) -> Clause:
    if len(parts) == 1:
        return clause_of(parts[0], scored=scored)
    places = [list(_words(part)) for part in parts]
    if not all(places):
        return NOTHING
    field = "titles" if all(word.titles for place in places for word in place) else "terms"
    if any(word.prefix for place in places for word in place):
        return _near(places, steps, field)
    text = phrase_of([[word.text for word in place] for place in places], steps)
    return NOTHING if text is None else {"match_phrase": {field: {"query": text}}}


def _words(part: Match) -> Iterator[Word]:
    """What may stand in one place. Raises `TypeError` for what is of more than one."""
    match part:
        case Word():
            yield part
        case AnyOf(of):
            for one in of:
                yield from _words(one)
        case _:
            raise TypeError(f"{type(part).__name__} within a phrase")


def _near(places: Sequence[Sequence[Word]], steps: Sequence[int], field: str) -> Clause:
    """Where parts of words stand in a phrase."""
    clauses = [_span(places[0], field)]
    for step, place in zip(steps, places[1:], strict=True):
        if step > 1:
            clauses.append({"span_gap": {field: step - 1}})
        clauses.append(_span(place, field))
    return {"span_near": {"clauses": clauses, "slop": 0, "in_order": True}}


def _span(place: Sequence[Word], field: str) -> Clause:
    spans = [_span_of(word, field) for word in place]
    return spans[0] if len(spans) == 1 else {"span_or": {"clauses": spans}}


def _span_of(word: Word, field: str) -> Clause:
    if not word.prefix:
        return {"span_term": {field: {"value": word.text}}}
    begins = {"value": word.text, "rewrite": f"top_terms_{EXPANDED_MOST}"}
    return {"span_multi": {"match": {"prefix": {field: begins}}}}

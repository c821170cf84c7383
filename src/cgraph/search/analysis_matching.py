"""What the words of a query come to in terms of the index."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from .analysis import emoji_terms
from .analysis_forms import Spelling, spelling_of
from .analysis_pieces import Mark, Piece, marks, pieces
from .backend import AllOf, AnyOf, Match, NoneOf, Phrase, Word
from .folding import fold
from .query import Query, Term

Fragments = Mapping[str, Sequence[str]]
"""Words of the vocabulary, by the folded text (`fragment_of`) they were looked up for."""


class _Step(NamedTuple):
    """What must stand at a position of a phrase."""

    match: Word | AnyOf
    position: int


def match_of(query: Query, fragments: Fragments | None = None) -> Match | None:
    """What a thing's terms must be for the query's words and tags; None: it names none.

    `fragments` has what `*infix*` terms were found to be; and, where a search is widened, what other words were.
    """
    wanted = matches_of(query, fragments)
    unwanted = matches_of(query, fragments, negated=True)
    wanted += [NoneOf(unwanted)] if unwanted else []
    if not wanted:
        return None
    return wanted[0] if len(wanted) == 1 else AllOf(wanted)


def matches_of(
    query: Query, fragments: Fragments | None = None, *, negated: bool = False
) -> list[Match]:
    """The same for one term after the other: those that must match, or those that must not. Tags are the last."""
    terms = [term for term in query.terms if term.negated == negated]
    matches = [_match_of_term(term, fragments or {}) for term in terms]
    tags = [Word(tag_term(value.text)) for value in query.values("tag", negated=negated)]
    return [match for match in (*matches, AnyOf(tags) if tags else None) if match is not None]


def tag_term(tag: str) -> str:
    """The term of a tag, given without its sign."""
    return f"#{fold(tag)}"


def fragment_of(term: Term) -> str | None:
    """What of a term can be looked up in the vocabulary: one word, folded. None for phrases, runs and addresses."""
    found = list(pieces(term.text))
    if term.how == "phrase" or len(found) != 1 or found[0].kind != "word":
        return None
    return fold(found[0].text)


def is_run(term: Term) -> bool:
    """Whether a term is found by pairs of characters, so that parts of words are found anyway."""
    return any(piece.kind == "gram" for piece in pieces(term.text))


def _match_of_term(term: Term, fragments: Fragments) -> Match | None:
    fragment = fragment_of(term)
    found = [Word(word) for word in fragments.get(fragment, ())] if fragment else []
    if term.how == "infix" and fragment:
        return AnyOf(found)
    match = _as_written(term)
    return AnyOf((match, *found)) if match is not None and found else match


def _as_written(term: Term) -> Match | None:
    found = list(pieces(term.text))
    signs = list(marks(term.text))
    steps = _steps(found, signs, prefix=term.how == "prefix")
    if len(found) == 1 and term.how == "word" and found[0].kind == "word" and not _whole(signs):
        return _word(spelling_of(found[0].text))
    match = _sequence(steps)
    joined = [mark.term for mark in signs if not mark.whole and term.how == "word"]
    beside = [_word(spelling_of(word)) for word in joined]
    return AnyOf((match, *beside)) if match is not None and beside else match


def _word(spelling: Spelling) -> Match:
    """A word as it may be written, or any of its stems, or all parts of it in another order."""
    forms = [Word(form) for form in (*spelling.exact, *spelling.stems)]
    humps = [AllOf([Word(hump) for hump in spelling.humps])] if spelling.humps else []
    return forms[0] if len(forms) == 1 and not humps else AnyOf((*forms, *humps))


def _steps(found: Sequence[Piece], signs: Sequence[Mark], *, prefix: bool) -> list[_Step]:
    """One step for each piece, mark or pair of characters, at the position it has in a document."""
    steps: list[_Step] = []
    covered = 0
    for number, piece in enumerate(found):
        following = found[number + 1] if number + 1 < len(found) else None
        mark = next((m for m in _whole(signs) if m.start <= piece.start < m.end), None)
        if mark is not None:
            if mark.start >= covered:
                last = prefix and mark.end >= found[-1].end
                steps.append(_Step(Word(mark.term, prefix=last), number))
                covered = mark.end
            continue
        match = _step(piece, following, prefix=prefix and following is None)
        if match is not None and not _is_tail(found, number):
            steps.append(_Step(match, number))
    return steps


def _step(piece: Piece, following: Piece | None, *, prefix: bool) -> Word | AnyOf:
    if piece.kind == "emoji":
        return Word(emoji_terms(piece.text)[0])
    if piece.kind == "gram":
        joined = following is not None and following.kind == "gram" and following.start <= piece.end
        pair = following.text if following is not None and joined else ""
        return Word(piece.text + pair, prefix=not pair)
    words = [Word(form, prefix=prefix) for form in spelling_of(piece.text).exact]
    return words[0] if len(words) == 1 else AnyOf(words)


def _is_tail(found: Sequence[Piece], number: int) -> bool:
    """The last character of a run of more: the pair before has it."""
    if number == 0 or found[number].kind != "gram" or found[number - 1].kind != "gram":
        return False
    following = found[number + 1 : number + 2]
    ends = not following or following[0].kind != "gram" or following[0].start > found[number].end
    return ends and found[number - 1].end >= found[number].start


def _whole(signs: Sequence[Mark]) -> list[Mark]:
    return [mark for mark in signs if mark.whole]


def _sequence(steps: Sequence[_Step]) -> Match | None:
    if not steps:
        return None
    if len(steps) == 1:
        return steps[0].match
    distances = [after.position - before.position for before, after in pairwise(steps)]
    even = all(distance == 1 for distance in distances)
    return Phrase([step.match for step in steps], None if even else distances)

"""A document's terms as one text that OpenSearch cuts into the same terms at the same places.

Places are divided by spaces, the terms of one place by a sign of their own, and an empty place has a sign that is taken out
once it has been counted. So phrases mean the same as in PostgreSQL, and no analysis but ours has a say.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from .document import Occurrence

HOLE, BETWEEN = "\ue000", "\ue001"
"""From the private use area, which no term has anything of."""
ANALYZER = "cgraph_stream"
ANALYSIS: dict[str, Any] = {
    # Of a place's whole text no tokenizer but this one has a limit.
    "tokenizer": {"cgraph_places": {"type": "pattern", "pattern": " "}},
    "filter": {
        # Every capture stands where the whole stood.
        "cgraph_terms": {
            "type": "pattern_capture",
            "preserve_original": False,
            "patterns": [f"([^{BETWEEN}]+)"],
        },
        "cgraph_holes": {"type": "stop", "stopwords": [HOLE]},
    },
    "analyzer": {
        ANALYZER: {
            "type": "custom",
            "tokenizer": "cgraph_places",
            "filter": ["cgraph_terms", "cgraph_holes"],
        }
    },
}
_TAKEN = frozenset((" ", HOLE, BETWEEN))


def stream_of(found: Iterable[Occurrence]) -> str:
    """What stands where, from position 1 on."""
    places: dict[int, list[str]] = defaultdict(list)
    for one in found:
        if not _TAKEN.intersection(one.term):
            places[one.position].append(one.term)
    return " ".join(_place(places.get(at, ())) for at in range(1, max(places, default=0) + 1))


def phrase_of(parts: Sequence[Sequence[str]], steps: Sequence[int]) -> str | None:
    """One of the first terms, one of the second so many places after it … None: no document can have that."""
    usable = [[term for term in terms if not _TAKEN.intersection(term)] for terms in parts]
    if not all(usable):
        return None
    places = [_place(usable[0])]
    for step, terms in zip(steps, usable[1:], strict=True):
        places += [HOLE] * (step - 1)
        places.append(_place(terms))
    return " ".join(places)


def _place(terms: Sequence[str]) -> str:
    return BETWEEN.join(terms) or HOLE

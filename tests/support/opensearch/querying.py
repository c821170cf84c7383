"""The query language, as far as we use it: whether a document matches, and how well."""

from collections.abc import Callable, Iterable
from math import log
from typing import Any

from .errors import Failure, Unknown, only
from .storing import Index, Stored

CLAUSES_MOST = 1_024
TERMS_MOST = 65_536
_K1, _B = 1.2, 0.75
_LEAVES = {"term", "terms", "range", "prefix", "match_phrase", "fuzzy", "span_term", "span_multi"}

_NOTHING = Stored(0, 0, {}, {}, {})
Score = float | None
"""None: it does not match."""


class Searcher:
    """Queries over what of an index can be found."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.docs = index.searchable
        self._frequencies: dict[tuple[str, str], int] = {}
        self._lengths: dict[str, float] = {}
        self._kinds: dict[str, Callable[[Any, Stored], Score]] = {
            "match_all": lambda _, __: 1.0,
            "match_none": lambda _, __: None,
            "bool": self._bool,
            "dis_max": self._dis_max,
            "term": self._term,
            "terms": self._terms,
            "range": self._range,
            "prefix": self._prefix,
            "fuzzy": self._fuzzy,
            "match_phrase": self._match_phrase,
            "span_near": self._spanning,
        }

    def find(self, query: dict[str, Any]) -> list[tuple[str, Stored, float]]:
        """Raises `Failure` for what is no query."""
        if _leaves(query) > CLAUSES_MOST:
            raise Failure(
                400, "too_many_nested_clauses", f"maxClauseCount is set to {CLAUSES_MOST}"
            )
        # Parsed where there is nothing, too.
        self.score(query, _NOTHING)
        scored = ((id, doc, self.score(query, doc)) for id, doc in self.docs.items())
        return [(id, doc, score) for id, doc, score in scored if score is not None]

    def score(self, query: dict[str, Any], doc: Stored) -> Score:
        if len(query) != 1:
            raise Unknown(f"query with {sorted(query)}")
        ((kind, body),) = query.items()
        if kind not in self._kinds:
            raise Unknown(f"query {kind}")
        return self._kinds[kind](body, doc)

    def _bool(self, body: Any, doc: Stored) -> Score:
        only(body, {"must", "filter", "should", "must_not", "minimum_should_match"}, "bool")
        filters = body.get("filter", ())
        if doc is not _NOTHING and any(self.score(one, doc) is None for one in filters):
            return None
        must = [self.score(one, doc) for one in body.get("must", ())]
        required = must + [self.score(one, doc) for one in filters]
        unwanted = [self.score(one, doc) for one in body.get("must_not", ())]
        should = [self.score(one, doc) for one in body.get("should", ())]
        met = sum(one is not None for one in should)
        alone = bool(should) and not required
        if None in required or any(one is not None for one in unwanted):
            return None
        if met < body.get("minimum_should_match", int(alone)):
            return None
        return sum(one for one in (*must, *should) if one is not None)

    def _dis_max(self, body: Any, doc: Stored) -> Score:
        only(body, {"queries"}, "dis_max")
        scores = [self.score(one, doc) for one in body["queries"]]
        return max((one for one in scores if one is not None), default=None)

    def _term(self, body: Any, doc: Stored) -> Score:
        field, given = _single(body, {"value", "boost"}, "term")
        if self._type(field) != "text":
            return 1.0 if given["value"] in doc.values.get(field, ()) else None
        places = doc.places.get(field, {}).get(given["value"], [])
        return self._weigh(field, [given["value"]], len(places), doc, given.get("boost", 1.0))

    def _terms(self, body: Any, doc: Stored) -> Score:
        ((field, values),) = body.items()
        if len(values) > TERMS_MOST:
            raise Failure(400, "illegal_argument_exception", "index.max_terms_count")
        there = self._terms_of(field, doc)
        return 1.0 if any(value in there for value in values) else None

    def _range(self, body: Any, doc: Stored) -> Score:
        ((field, bounds),) = body.items()
        only(bounds, {"gt", "gte", "lt", "lte"}, "range")
        if self._type(field) not in {"long", "integer"}:
            raise Unknown(f"range over {field}")
        tests: dict[str, Callable[[int, int], bool]] = {
            "gt": int.__gt__,
            "gte": int.__ge__,
            "lt": int.__lt__,
            "lte": int.__le__,
        }
        met = (
            all(tests[how](value, bound) for how, bound in bounds.items())
            for value in doc.values.get(field, ())
        )
        return 1.0 if any(met) else None

    def _prefix(self, body: Any, doc: Stored) -> Score:
        field, given = _single(body, {"value", "boost"}, "prefix")
        there = self._terms_of(field, doc)
        found = any(term.startswith(given["value"]) for term in there)
        return given.get("boost", 1.0) if found else None

    def _fuzzy(self, body: Any, doc: Stored) -> Score:
        allowed = {"value", "fuzziness", "prefix_length", "max_expansions", "transpositions"}
        field, given = _single(body, allowed, "fuzzy")
        assert given["transpositions"] is True
        assert given["prefix_length"] == 0
        wanted = given["value"]
        scores = [
            1 - far / min(len(term), len(wanted))
            for term in self._terms_of(field, doc)
            if (far := _edits(term, wanted)) <= given["fuzziness"]
        ]
        return max(scores, default=None)

    def _match_phrase(self, body: Any, doc: Stored) -> Score:
        field, given = _single(body, {"query"}, "match_phrase")
        if self._type(field) != "text":
            raise Unknown(f"match_phrase over {field}")
        analyzer = self.index.fields[field]["analyzer"]
        tokens = self.index.analysis.tokens(analyzer, given["query"])
        places = doc.places.get(field, {})
        by_place: dict[int, set[int]] = {}
        for term, at in tokens:
            by_place.setdefault(at, set()).update(one - at for one in places.get(term, ()))
        starts = set.intersection(*by_place.values()) if by_place else set()
        return self._weigh(field, [term for term, _ in tokens], len(starts), doc, 1.0)

    def _spanning(self, body: Any, doc: Stored) -> Score:
        return 1.0 if self._near(body, doc) else None

    def _near(self, body: Any, doc: Stored) -> set[tuple[int, int]]:
        only(body, {"clauses", "slop", "in_order"}, "span_near")
        assert (body["slop"], body["in_order"]) == (0, True)
        first, *others = body["clauses"]
        found = self._spans(first, doc)
        for clause in others:
            if "span_gap" in clause:
                ((field, width),) = clause["span_gap"].items()
                self._type(field)
                found = {(start, end + width) for start, end in found}
                continue
            following = self._spans(clause, doc)
            found = {(a, d) for a, b in found for c, d in following if b == c}
        return found

    def _spans(self, clause: dict[str, Any], doc: Stored) -> set[tuple[int, int]]:
        """Beginnings and ends."""
        ((kind, body),) = clause.items()
        match kind:
            case "span_term":
                field, given = _single(body, {"value"}, kind)
                terms: Iterable[str] = [given["value"]]
            case "span_or":
                only(body, {"clauses"}, kind)
                return {span for one in body["clauses"] for span in self._spans(one, doc)}
            case "span_multi":
                only(body, {"match"}, kind)
                only(body["match"], {"prefix"}, kind)
                field, given = _single(body["match"]["prefix"], {"value", "rewrite"}, kind)
                assert given["rewrite"].startswith("top_terms_")
                terms = [one for one in doc.places.get(field, ()) if one.startswith(given["value"])]
            case _:
                raise Unknown(f"span query {kind}")
        self._type(field)
        places = doc.places.get(field, {})
        return {(at, at + 1) for term in terms for at in places.get(term, ())}

    def _weigh(self, field: str, terms: list[str], often: int, doc: Stored, boost: float) -> Score:
        """BM25, as Lucene has it."""
        if not often:
            return None
        count = len(self.docs)
        rare = sum(
            log(1 + (count - found + 0.5) / (found + 0.5))
            for found in (self._frequency(field, term) for term in terms)
        )
        length = _length(doc, field)
        spread = _K1 * (1 - _B + _B * length / self._mean_length(field))
        return boost * rare * often / (often + spread)

    def _frequency(self, field: str, term: str) -> int:
        key = (field, term)
        if key not in self._frequencies:
            self._frequencies[key] = sum(
                term in one.places.get(field, ()) for one in self.docs.values()
            )
        return self._frequencies[key]

    def _mean_length(self, field: str) -> float:
        if field not in self._lengths:
            lengths = [_length(one, field) for one in self.docs.values()]
            self._lengths[field] = sum(lengths) / len(lengths)
        return self._lengths[field]

    def _terms_of(self, field: str, doc: Stored) -> Iterable[Any]:
        if self._type(field) == "text":
            return doc.places.get(field, {})
        return doc.values.get(field, ())

    def _type(self, field: str) -> str:
        if field not in self.index.fields:
            raise Unknown(f"field {field}")
        type: str = self.index.fields[field]["type"]
        return type


def _single(body: Any, allowed: set[str], what: str) -> tuple[str, dict[str, Any]]:
    ((field, given),) = body.items()
    only(given, allowed, what)
    return field, given


def _length(doc: Stored, field: str) -> int:
    return sum(map(len, doc.places.get(field, {}).values()))


def _leaves(query: Any) -> int:
    if isinstance(query, list):
        return sum(map(_leaves, query))
    if not isinstance(query, dict):
        return 0
    return sum(1 if kind in _LEAVES else _leaves(body) for kind, body in query.items())


def _edits(one: str, other: str) -> int:
    """Letters to insert, delete, replace or exchange with the next."""
    rows = [
        [i + j if i * j == 0 else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)
    ]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            same = one[i - 1] == other[j - 1]
            ways = [rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (not same)]
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
                ways.append(rows[i - 2][j - 2] + 1)
            rows[i][j] = min(ways)
    return rows[-1][-1]

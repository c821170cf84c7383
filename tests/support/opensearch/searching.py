"""One search: what is found, in order, as far as it is asked for."""

from typing import Any

from .errors import Failure, Unknown, only
from .querying import Searcher
from .storing import Index, Stored

WINDOW = 10_000
_ASKED = {
    "query",
    "size",
    "sort",
    "search_after",
    "track_total_hits",
    "track_scores",
    "timeout",
    "_source",
}


def search(index: Index, asked: dict[str, Any]) -> dict[str, Any]:
    """The answer. Raises `Failure`."""
    only(asked, _ASKED, "a search")
    size = asked.get("size", 10)
    if size > WINDOW:
        raise Failure(400, "illegal_argument_exception", "Result window is too large")
    found = Searcher(index).find(asked["query"])
    total = len(found)
    sort = [next(iter(one.items())) for one in asked.get("sort", [])]
    rows = _sorted(index, found, sort)
    if "search_after" in asked:
        rows = _after(rows, sort, asked["search_after"])
    scored = not sort or asked.get("track_scores", False)
    hits = [_hit(index, row, asked.get("_source", True), scored, bool(sort)) for row in rows[:size]]
    answer: dict[str, Any] = {"max_score": None, "hits": hits}
    if (counted := asked.get("track_total_hits", WINDOW)) is not False:
        most = total if counted is True else counted
        answer["total"] = {
            "value": min(total, most),
            "relation": "gte" if total > most else "eq",
        }
    shards = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
    return {"took": 1, "timed_out": False, "_shards": shards, "hits": answer}


Row = tuple[list[Any], str, Stored, float]


def _sorted(
    index: Index, found: list[tuple[str, Stored, float]], sort: list[tuple[str, str]]
) -> list[Row]:
    for field, _ in sort:
        kept = index.fields.get(field)
        if kept is None or kept["type"] == "text" or not kept.get("doc_values", True):
            raise Failure(400, "illegal_argument_exception", f"cannot sort by {field}")
    rows = [
        ([doc.values[field][0] for field, _ in sort], id, doc, score) for id, doc, score in found
    ]
    if not sort:
        rows.sort(key=lambda row: -row[3])
    for at in range(len(sort) - 1, -1, -1):
        rows.sort(key=lambda row: row[0][at], reverse=sort[at][1] == "desc")
    return rows


def _after(rows: list[Row], sort: list[tuple[str, str]], after: list[Any]) -> list[Row]:
    if len(after) != len(sort):
        raise Failure(400, "illegal_argument_exception", "search_after has another length")
    directions = {direction for _, direction in sort}
    if len(directions) != 1:
        raise Unknown("search_after in several directions")
    down = directions == {"desc"}
    return [row for row in rows if (row[0] < after if down else row[0] > after)]


def _hit(index: Index, row: Row, source: bool, scored: bool, sorted: bool) -> dict[str, Any]:
    values, id, doc, score = row
    hit: dict[str, Any] = {"_index": index.name, "_id": id, "_score": score if scored else None}
    if source:
        hit["_source"] = doc.source
    return hit | ({"sort": values} if sorted else {})

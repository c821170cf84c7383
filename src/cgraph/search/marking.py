"""Where the words of a search are in what it found."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from cgraph import forums
from cgraph_kit.db import Repo

from .analysis import language_of
from .analysis_matching import Fragments
from .highlights import Highlighter
from .hits import Highlight, PostHit, SearchHit, Span, Texts
from .query import Query
from .scoping import Reader


async def mark(
    db: Repo, reader: Reader, hits: Sequence[SearchHit], query: Query, fragments: Fragments
) -> list[SearchHit]:
    """The same with what matched in each; one statement more for posts that are longer than what is shown of them."""
    if not query.terms and not query.values("tag"):
        return list(hits)
    cut = [hit.post.id for hit in hits if isinstance(hit, PostHit) and hit.post.truncated]
    posts = await forums.list_posts_by_ids(db, reader.actor, cut, whole=True)
    whole = {post.id: post.content for post in posts}
    highlighter = Highlighter(query, fragments)
    return [
        msgspec.structs.replace(hit, highlights=_highlights(hit, whole, highlighter))
        for hit in hits
    ]


def _highlights(
    hit: SearchHit, whole: Mapping[UUID, str], highlighter: Highlighter
) -> list[Highlight]:
    language = hit.post.language if isinstance(hit, PostHit) else None
    found = []
    texts = _texts(hit, whole)
    for field, text in texts.items():
        if not text:
            continue
        spoken = language
        if field == "title":
            # As it was analysed: a title is too short to tell its language.
            spoken = language or language_of(texts.get("content") or "")
        marked = highlighter.highlight(text, spoken)
        if marked.spans:
            part = text[marked.start : marked.start + marked.length]
            spans = [Span(start - marked.start, length) for start, length in marked.spans]
            found.append(Highlight(field, part, marked.start, spans))
    return found


def _texts(hit: SearchHit, whole: Mapping[UUID, str]) -> Texts:
    if isinstance(hit, PostHit) and hit.post.id in whole:
        return {**hit.texts(), "content": whole[hit.post.id]}
    return hit.texts()

"""A server that speaks as OpenSearch does: exactly the calls CGraph makes, and no other.

No real cluster was at hand when this was written. It follows OpenSearch's documentation (documents and bulk, versions, search,
the query language, analysis, aliases, delete by query, refresh) and, where that is silent, the behaviour of Lucene it builds on:
`pattern_capture` gives all captures of a token its place, `stop` leaves holes that phrases count, `span_gap` is as wide as it
says. Whatever it does not know (a path, a parameter, a query, a setting) is refused with 400 and told of in `refused`, so
that nothing passes here by being ignored.

Where a cluster may do one thing or the other, it does the worse: nothing is found before a refresh is asked for, and what
has been deleted is found until then. What it cannot show: how fast a cluster is, copies that differ, mergers, and how exactly
Lucene weighs what matches.
"""

from .server import PASSWORD, USER, FakeOpenSearch, fake_opensearch

__all__ = ["PASSWORD", "USER", "FakeOpenSearch", "fake_opensearch"]

"""Finding what one may read: messages, posts, comments, files, people and places, in one index."""

from .backend import SearchBackend
from .changes import Lag, get_lag
from .errors import InvalidQuery
from .hits import (
    ChannelHit,
    CommentHit,
    FileHit,
    ForumHit,
    GroupHit,
    GroupName,
    Highlight,
    MessageHit,
    Place,
    PostHit,
    PostName,
    SearchHit,
    Span,
    UserHit,
)
from .indexing import follow_changes
from .jobs import index_changes, waking
from .limits import DEFAULT_LIMITS, Limits, limits_of
from .postgres import PostgresSearch
from .searching import SearchCount, SearchFor, SearchPage, SearchResults, count, search
from .widening import Widened

__all__ = [
    "DEFAULT_LIMITS",
    "ChannelHit",
    "CommentHit",
    "FileHit",
    "ForumHit",
    "GroupHit",
    "GroupName",
    "Highlight",
    "InvalidQuery",
    "Lag",
    "Limits",
    "MessageHit",
    "Place",
    "PostHit",
    "PostName",
    "PostgresSearch",
    "SearchBackend",
    "SearchCount",
    "SearchFor",
    "SearchHit",
    "SearchPage",
    "SearchResults",
    "Span",
    "UserHit",
    "Widened",
    "count",
    "follow_changes",
    "get_lag",
    "index_changes",
    "limits_of",
    "search",
    "waking",
]

"""Finding what one may read: messages, posts, comments, files, people and places, in one index."""

from .backend import SearchBackend, Volume
from .changes import Lag, get_lag
from .document_sources import SCANNED
from .errors import (
    InvalidQuery,
    SavedSearchNameTaken,
    SavedSearchNotFound,
    SearchUnavailable,
    TooManySavedSearches,
)
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
from .jobs import index_changes, let_go_of_places, rebuild_index, tidy_words, waking
from .lag import observing
from .limits import DEFAULT_LIMITS, Limits, limits_of
from .opening import Health, look_at_cluster, opening
from .opensearch import OpenSearchIndex
from .postgres import PostgresSearch
from .reindexing import Rebuild, begin_rebuild, list_rebuilds, rebuild_some
from .saved import (
    SavedSearch,
    SavedSearchChange,
    SaveSearch,
    change_saved_search,
    delete_saved_search,
    get_saved_search,
    list_saved_searches,
    save_search,
)
from .searching import SearchCount, SearchFor, SearchPage, SearchResults, count, search
from .suggestions import SuggestFor, Suggestion, suggest
from .suggestions_recent import (
    KeepRecent,
    RecentSearches,
    forget_recent_searches,
    get_recent_searches,
    keep_recent_searches,
    remember_search,
)
from .widening import Widened

__all__ = [
    "DEFAULT_LIMITS",
    "SCANNED",
    "ChannelHit",
    "CommentHit",
    "FileHit",
    "ForumHit",
    "GroupHit",
    "GroupName",
    "Health",
    "Highlight",
    "InvalidQuery",
    "KeepRecent",
    "Lag",
    "Limits",
    "MessageHit",
    "OpenSearchIndex",
    "Place",
    "PostHit",
    "PostName",
    "PostgresSearch",
    "Rebuild",
    "RecentSearches",
    "SaveSearch",
    "SavedSearch",
    "SavedSearchChange",
    "SavedSearchNameTaken",
    "SavedSearchNotFound",
    "SearchBackend",
    "SearchCount",
    "SearchFor",
    "SearchHit",
    "SearchPage",
    "SearchResults",
    "SearchUnavailable",
    "Span",
    "SuggestFor",
    "Suggestion",
    "TooManySavedSearches",
    "UserHit",
    "Volume",
    "Widened",
    "begin_rebuild",
    "change_saved_search",
    "count",
    "delete_saved_search",
    "follow_changes",
    "forget_recent_searches",
    "get_lag",
    "get_recent_searches",
    "get_saved_search",
    "index_changes",
    "keep_recent_searches",
    "let_go_of_places",
    "limits_of",
    "list_rebuilds",
    "list_saved_searches",
    "look_at_cluster",
    "observing",
    "opening",
    "rebuild_index",
    "rebuild_some",
    "remember_search",
    "save_search",
    "search",
    "suggest",
    "tidy_words",
    "waking",
]

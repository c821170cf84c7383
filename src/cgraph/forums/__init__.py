"""Forums: posts, comments, votes, and those who look after them."""

from .access import Access, PostAccess, forum_name, get_forum, get_post_place, hold_forum, hold_post
from .errors import (
    BannedFromForum,
    ForumArchived,
    ForumNotFound,
    NotCreator,
    NotModerator,
    NotPostAuthor,
    PostArchived,
    PostingRestricted,
    PostLocked,
    PostNotFound,
    SlugTaken,
)
from .limits import DEFAULT_LIMITS, Limits, limits_of

__all__ = [
    "DEFAULT_LIMITS",
    "Access",
    "BannedFromForum",
    "ForumArchived",
    "ForumNotFound",
    "Limits",
    "NotCreator",
    "NotModerator",
    "NotPostAuthor",
    "PostAccess",
    "PostArchived",
    "PostLocked",
    "PostNotFound",
    "PostingRestricted",
    "SlugTaken",
    "forum_name",
    "get_forum",
    "get_post_place",
    "hold_forum",
    "hold_post",
    "limits_of",
]

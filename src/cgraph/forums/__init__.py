"""Forums: posts, comments, votes, and those who look after them."""

from .access import Access, PostAccess, forum_name, get_forum, get_post_place, hold_forum, hold_post
from .bulk import (
    ImportedForum,
    ImportedForumBan,
    ImportedSubscription,
    import_forum_bans,
    import_forums,
    import_subscriptions,
)
from .bulk_comments import (
    ImportedComment,
    find_comment_ids,
    import_comments,
)
from .bulk_posts import (
    ImportedPost,
    find_post_ids,
    import_posts,
)
from .bulk_votes import (
    ImportedVote,
)
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
    "ImportedComment",
    "ImportedForum",
    "ImportedForumBan",
    "ImportedPost",
    "ImportedSubscription",
    "ImportedVote",
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
    "find_comment_ids",
    "find_post_ids",
    "forum_name",
    "get_forum",
    "get_post_place",
    "hold_forum",
    "hold_post",
    "import_comments",
    "import_forum_bans",
    "import_forums",
    "import_posts",
    "import_subscriptions",
    "limits_of",
]

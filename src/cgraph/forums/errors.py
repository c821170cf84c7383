"""What can go wrong in forums, by name and wire code."""

from cgraph_kit.errors import Conflict, Forbidden, NotFound


class ForumNotFound(NotFound):
    """Also for who may not read it."""

    code = "forum_not_found"
    default = "there is no such forum"


class PostNotFound(NotFound):
    """Also for who may not read its forum, and once it is deleted."""

    code = "post_not_found"
    default = "there is no such post"


class NotModerator(Forbidden):
    code = "not_moderator"
    default = "only moderators of the forum may do this"


class NotCreator(Forbidden):
    code = "not_creator"
    default = "only the creator of the forum may do this"


class BannedFromForum(Forbidden):
    code = "banned_from_forum"
    default = "you are banned from this forum"


class PostingRestricted(Forbidden):
    """The forum's posting policy leaves them out."""

    code = "posting_restricted"
    default = "you may not write in this forum"


class NotPostAuthor(Forbidden):
    code = "not_post_author"
    default = "only its author may do this"


class ForumArchived(Conflict):
    code = "forum_archived"
    default = "this forum is archived: it can only be read"


class PostLocked(Conflict):
    code = "post_locked"
    default = "this post is locked"


class PostArchived(Conflict):
    code = "post_archived"
    default = "this post is archived: it can only be read"


class SlugTaken(Conflict):
    code = "slug_taken"
    default = "there is a forum of this name"

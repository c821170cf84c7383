"""What can go wrong in forums, by name and wire code."""

from cgraph_kit.errors import Conflict, Forbidden, Gone, Moved, NotFound, RateLimited


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


class ForumHasChildren(Conflict):
    code = "forum_has_children"
    default = "there are forums in this forum"


class TooManyForums(Conflict):
    code = "too_many_forums"
    default = "you have as many forums as you may"


class CommentNotFound(NotFound):
    """Also for who may not read its forum, and once it is deleted."""

    code = "comment_not_found"
    default = "there is no such comment"


class NotCommentAuthor(Forbidden):
    code = "not_comment_author"
    default = "only its author may do this"


class OwnItem(Forbidden):
    """One's own counts as voted for from the beginning, and gains nothing by it."""

    code = "own_item"
    default = "you cannot vote for what you have written"


class DownvotesOff(Forbidden):
    code = "downvotes_off"
    default = "this forum knows no votes against"


class CommentLocked(Conflict):
    """It, or one above it."""

    code = "comment_locked"
    default = "nothing can be said below this comment"


class ListingExpired(Gone):
    """A ranked list is kept for an hour after it was begun."""

    code = "listing_expired"
    default = "this list is no longer kept: begin anew"


class NoPoll(Conflict):
    code = "no_poll"
    default = "this post is no poll"


class PollEnded(Conflict):
    code = "poll_ended"
    default = "this poll has ended"


class OutrankedInForum(Forbidden):
    """Earlier moderators stand above later ones, and nobody above the creator."""

    code = "outranked_in_forum"
    default = "this person stands above you in the forum"


class AlreadyDone(Conflict):
    """There is nothing to do, and so nothing that could be taken back."""

    code = "already_done"
    default = "it is so already"


class ActNotFound(NotFound):
    code = "act_not_found"
    default = "there is no such act in the log of the forum"


class CannotUndoAct(Conflict):
    """It was taken back before, something else has happened since, or it is no act of moderation."""

    code = "cannot_undo_act"
    default = "this cannot be taken back"


class ForumBanNotFound(NotFound):
    code = "forum_ban_not_found"
    default = "this person is not banned from the forum"


class CommentsTooDeep(Conflict):
    code = "comments_too_deep"
    default = "the comments lie as deep as they can already"


class PostingTooFast(RateLimited):
    """Too much or too soon, for how long the account is there; `what` says which limit it was."""

    code = "posting_too_fast"
    default = "you are posting too fast"


class SaidBefore(Conflict):
    code = "said_before"
    default = "you have said the same a moment ago"


class TooManyLinks(Forbidden):
    """Of accounts that are not a day old."""

    code = "too_many_links"
    default = "your account is too new for so many links"


class SubscriberNotFound(NotFound):
    code = "subscriber_not_found"
    default = "this person has not subscribed to the forum"


class ModeratorNotFound(NotFound):
    code = "moderator_not_found"
    default = "this person does not moderate the forum"


class TooManyModerators(Conflict):
    code = "too_many_moderators"
    default = "the forum has as many moderators as it may"


class RevisionNotFound(NotFound):
    code = "revision_not_found"
    default = "there is no such revision"


class DraftNotFound(NotFound):
    code = "draft_not_found"
    default = "there is no such draft"


class StaleDraft(Conflict):
    """Another device has saved it meanwhile; `revision` says which one is kept."""

    code = "stale_draft"
    default = "this draft has been changed elsewhere"


class TooManyDrafts(Conflict):
    code = "too_many_drafts"
    default = "you have as many drafts as you may"


class PostMoved(Moved):
    """It was put under another post, or has become one: `moved_to` names that."""

    code = "post_moved"


class CannotConvert(Conflict):
    """It is not of a kind that could become something else."""

    code = "cannot_convert"
    default = "this cannot be converted"

"""What a thread is as a post, and a post as a thread: one in, the other out. No I/O.

What was said keeps its id, author and time; what answers what, too, as far as the other side knows answers. What only one
side knows (reactions and pins, votes and the place in the tree) is kept beside and used on the way back.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from cgraph.forums import ImportedComment, ImportedPost, ImportedVote, TakenPost
from cgraph.groups import ImportedThread, TakenThread
from cgraph.messaging import ImportedMessage, ImportedPin, ImportedReaction, Voice

NOBODY = UUID(int=0)
"""Stands for an author whose account is gone, where a message needs one."""
NAME = 100
"""Code points of a thread's name."""


class MessageFacts(msgspec.Struct, frozen=True):
    """What a comment does not know of the message it was."""

    sender_id: UUID
    n: int
    """Its place among what was said."""
    reply_to_id: UUID | None = None
    reactions: Sequence[ImportedReaction] = ()
    pin: ImportedPin | None = None
    voice: Voice | None = None


class CommentFacts(msgspec.Struct, frozen=True):
    """What a message does not know of the comment it was."""

    author_id: UUID | None
    parent_id: UUID | None = None
    locked_at: datetime | None = None
    votes: Sequence[ImportedVote] = ()
    mentions: Sequence[UUID] = ()


class ThreadFacts(msgspec.Struct, frozen=True):
    """What a post does not know of the thread it was."""

    opening_id: UUID
    """The message the post's own text was."""
    thread: ImportedThread


class PostFacts(msgspec.Struct, frozen=True):
    """What a thread does not know of the post it was."""

    opening_id: UUID
    post: ImportedPost
    hidden: Sequence[ImportedComment]
    """What its author had deleted, or moderators removed: nothing that could be said in a thread."""


class Known(msgspec.Struct, frozen=True):
    """What was kept of the items, and who is still there."""

    messages: Mapping[UUID, MessageFacts]
    comments: Mapping[UUID, CommentFacts]
    people: Collection[UUID]


def facts_of_messages(messages: Sequence[ImportedMessage]) -> dict[UUID, MessageFacts]:
    """What is to be kept of each."""
    return {
        one.id: MessageFacts(one.sender_id, n, one.reply_to_id, one.reactions, one.pin, one.voice)
        for n, one in enumerate(messages)
    }


def facts_of_comments(comments: Iterable[ImportedComment]) -> dict[UUID, CommentFacts]:
    """What is to be kept of each."""
    return {
        one.id: CommentFacts(one.author_id, one.parent_id, one.locked_at, one.votes, one.mentions)
        for one in comments
    }


def as_post(
    taken: TakenThread, post_id: UUID, forum_id: UUID, before: PostFacts | None, known: Known
) -> tuple[ImportedPost, list[ImportedComment]]:
    """The thread as a post: its first message is the post's text, the others are comments."""
    opening = _opening_message(taken.messages, before)
    hidden = list(before.hidden) if before else []
    others = [one for one in taken.messages if one.id != opening.id]
    there = {one.id for one in others} | {one.id for one in hidden}
    comments = [_comment(one, post_id, opening.id, there, known) for one in others]
    comments += [_again(one, post_id, there, known) for one in hidden]
    post = _post(taken, opening, before, known, post_id=post_id, forum_id=forum_id)
    return post, parents_first(comments)


def as_thread(taken: TakenPost, opening_id: UUID, known: Known) -> list[ImportedMessage]:
    """What is said in the thread that a post becomes: its text first, then the comments in the order of time."""
    post = taken.post
    shown = [one for one in taken.comments if one.shown]
    there = {opening_id, *(one.id for one in shown)}
    shown.sort(key=lambda one: (one.inserted_at, _place(one.id, known), one.id))
    first = ImportedComment(
        opening_id,
        post.id,
        post.author_id,
        opening_text(post),
        post.inserted_at,
        edited_at=post.edited_at,
        attachments=post.attachments,
        previews=post.previews,
        previews_off=post.previews_off,
    )
    return [_message(one, there, known) for one in (first, *shown)]


def opening_text(post: ImportedPost) -> str:
    """What a post says, as a message."""
    parts = [part for part in (post.url, post.content) if part and part.strip()]
    return "\n\n".join(parts) or post.title


def name_of(title: str) -> str:
    """A post's title as the name of a thread."""
    return title[:NAME]


def parents_first(comments: Sequence[ImportedComment]) -> list[ImportedComment]:
    """The same, each after what it answers."""
    waiting: dict[UUID | None, list[ImportedComment]] = {}
    for one in comments:
        waiting.setdefault(one.parent_id, []).append(one)
    found: list[ImportedComment] = []
    layer = waiting.pop(None, [])
    while layer:
        found += layer
        layer = [below for one in layer for below in waiting.pop(one.id, [])]
    return found


def _opening_message(
    messages: Sequence[ImportedMessage], before: PostFacts | None
) -> ImportedMessage:
    """That which was the post's own text, if it still is there; else the first."""
    if before is not None:
        for one in messages:
            if one.id == before.opening_id:
                return one
    return messages[0]


def _post(
    taken: TakenThread,
    opening: ImportedMessage,
    before: PostFacts | None,
    known: Known,
    *,
    post_id: UUID,
    forum_id: UUID,
) -> ImportedPost:
    kept = before.post if before and before.opening_id == opening.id else None
    if kept is None:
        author = _there(opening.sender_id, known)
        return ImportedPost(
            post_id,
            forum_id,
            author,
            taken.thread.name,
            opening.inserted_at,
            opening.content,
            edited_at=opening.edited_at,
            votes=_own_vote(author, opening.inserted_at),
            attachments=opening.attachments,
            previews=opening.previews,
            previews_off=opening.previews_off,
        )
    unchanged = opening.content == opening_text(kept)
    title = kept.title if taken.thread.name == name_of(kept.title) else taken.thread.name
    return msgspec.structs.replace(
        kept,
        id=post_id,
        forum_id=forum_id,
        author_id=_there(kept.author_id, known),
        title=title,
        content=kept.content if unchanged else opening.content,
        url=kept.url if unchanged else None,
        edited_at=opening.edited_at,
        votes=_votes(kept.votes, known),
        attachments=opening.attachments,
        previews=opening.previews,
        previews_off=opening.previews_off,
    )


def _comment(
    one: ImportedMessage, post_id: UUID, opening_id: UUID, there: set[UUID], known: Known
) -> ImportedComment:
    facts = known.comments.get(one.id)
    parent_id = facts.parent_id if facts else one.reply_to_id
    author = _there(facts.author_id if facts else one.sender_id, known)
    return ImportedComment(
        one.id,
        post_id,
        author,
        one.content,
        one.inserted_at,
        parent_id=parent_id if parent_id in there and parent_id != opening_id else None,
        edited_at=one.edited_at,
        locked_at=facts.locked_at if facts else None,
        mentions=facts.mentions if facts else (),
        votes=_votes(facts.votes, known) if facts else _own_vote(author, one.inserted_at),
        attachments=one.attachments,
        previews=one.previews,
        previews_off=one.previews_off,
    )


def _again(one: ImportedComment, post_id: UUID, there: set[UUID], known: Known) -> ImportedComment:
    """What could not be shown in the thread, where it was."""
    return msgspec.structs.replace(
        one,
        post_id=post_id,
        author_id=_there(one.author_id, known),
        removed_by=_there(one.removed_by, known),
        parent_id=one.parent_id if one.parent_id in there else None,
        votes=_votes(one.votes, known),
    )


def _message(one: ImportedComment, there: Collection[UUID], known: Known) -> ImportedMessage:
    facts = known.messages.get(one.id)
    reply_to_id = facts.reply_to_id if facts else one.parent_id
    reactions = (
        [given for given in facts.reactions if given.user_id in known.people] if facts else []
    )
    return ImportedMessage(
        one.id,
        facts.sender_id if facts else one.author_id or NOBODY,
        one.content,
        one.inserted_at,
        one.edited_at,
        reply_to_id if reply_to_id in there else None,
        reactions,
        facts.pin if facts else None,
        attachments=one.attachments,
        previews=one.previews,
        previews_off=one.previews_off,
        voice=facts.voice if facts and one.attachments else None,
    )


def _place(id: UUID, known: Known) -> float:
    facts = known.messages.get(id)
    return facts.n if facts else float("inf")


def _there(id: UUID | None, known: Known) -> UUID | None:
    return id if id in known.people else None


def _votes(votes: Sequence[ImportedVote], known: Known) -> list[ImportedVote]:
    return [vote for vote in votes if vote.user_id in known.people]


def _own_vote(author_id: UUID | None, at: datetime) -> list[ImportedVote]:
    """As everybody's own counts from the beginning."""
    return [ImportedVote(author_id, 1, at)] if author_id else []


def people_in(facts: Iterable[Any]) -> set[UUID]:
    """Everybody who is named in these facts, in whatever place."""
    found: set[UUID] = set()
    waiting: list[Any] = [msgspec.to_builtins(one, builtin_types=(UUID,)) for one in facts]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
        elif isinstance(one, UUID):
            found.add(one)
    return found

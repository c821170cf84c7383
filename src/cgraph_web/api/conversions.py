"""What was said in chat becomes a post, and a post a thread: looked at first, then done."""

from typing import Annotated
from uuid import UUID

import msgspec

from cgraph import conversions, forums, groups
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.conversions import Preview, Target
from cgraph_kit.db import Repo
from cgraph_kit.validation import Input, Text
from cgraph_web.action import Body, action
from cgraph_web.views.base import Data

TO_POST = (
    groups.ThreadNotFound,
    groups.MissingPermission,
    forums.ForumNotFound,
    forums.NotModerator,
    forums.ForumArchived,
    forums.BannedFromForum,
)
TO_THREAD = (
    forums.PostNotFound,
    forums.NotModerator,
    forums.CannotConvert,
    groups.ChannelNotFound,
    groups.MissingPermission,
    groups.ChannelArchived,
)
Token = Annotated[Text, msgspec.Meta(min_length=64, max_length=64)]
Forum = Annotated[Text, msgspec.Meta(min_length=1, max_length=36)]


class ThreadToPost(Input, frozen=True):
    """A thread, and where it goes."""

    thread_id: UUID
    forum: Forum
    """Id or slug."""


class PostToThread(Input, frozen=True):
    """A post, and where it goes."""

    post_id: UUID
    channel_id: UUID


class ConfirmedThreadToPost(ThreadToPost, frozen=True):
    """The same, seen and wanted."""

    token: Token
    """Of the preview."""


class ConfirmedPostToThread(PostToThread, frozen=True):
    """The same, seen and wanted."""

    token: Token
    """Of the preview."""


THREAD = {"thread_id": "01923e5c-8f6a-7c31-9d2e-0b6f4a1c7d10", "forum": "gardening"}
POST = {
    "post_id": "01923e5c-8f6a-7c31-9d2e-0b6f4a1c7d11",
    "channel_id": "01923e5c-8f6a-7c31-9d2e-0b6f4a1c7d12",
}


@action(errors=TO_POST, idempotency="none", example=THREAD)
async def preview_post(db: Repo, actor: Actor, wanted: Body[ThreadToPost]) -> Data[Preview]:
    """Who would gain or lose access if a thread became a post.

    For who manages threads in the channel and moderates the forum. Changes nothing; its token is needed to do it.
    """
    forum = forums.forum_name(wanted.forum)
    return Data(await conversions.preview_post(db, actor, wanted.thread_id, forum))


@action(errors=TO_THREAD, idempotency="none", example=POST)
async def preview_thread(db: Repo, actor: Actor, wanted: Body[PostToThread]) -> Data[Preview]:
    """Who would gain or lose access if a post became a thread.

    For who moderates the forum and manages threads in the channel. Changes nothing; its token is needed to do it.
    """
    return Data(await conversions.preview_thread(db, actor, wanted.post_id, wanted.channel_id))


@action(
    status=201,
    errors=(
        *TO_POST,
        conversions.AudienceChanged,
        conversions.NothingToConvert,
        conversions.TooLongToConvert,
    ),
    example=THREAD | {"token": "0" * 64},
)
async def make_post(
    db: Repo, actor: Actor, app: App, wanted: Body[ConfirmedThreadToPost]
) -> Data[Target]:
    """Make a post of a thread: its first message is the text, the others are comments with their authors and times.

    The thread is gone, and its old address leads to the post. Should access change otherwise than was shown, nothing is
    done (`audience_changed`).
    """
    return Data(
        await conversions.make_post_of_thread(
            db,
            actor,
            wanted.thread_id,
            forums.forum_name(wanted.forum),
            wanted.token,
            limits=app.limits.conversions,
        )
    )


@action(
    status=201,
    errors=(
        *TO_THREAD,
        forums.OutrankedInForum,
        conversions.AudienceChanged,
        conversions.TooLongToConvert,
    ),
    example=POST | {"token": "0" * 64},
)
async def make_thread(
    db: Repo, actor: Actor, app: App, wanted: Body[ConfirmedPostToThread]
) -> Data[Target]:
    """Make a thread of a post: its text is the first message, the comments follow in the order of time.

    The post is gone, and its old address leads to the thread; votes and the tree are kept for the way back. Should access
    change otherwise than was shown, nothing is done (`audience_changed`).
    """
    return Data(
        await conversions.make_thread_of_post(
            db,
            actor,
            wanted.post_id,
            wanted.channel_id,
            wanted.token,
            limits=app.limits.conversions,
        )
    )

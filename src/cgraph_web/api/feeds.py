"""Feeds of public forums and posts, for feed readers."""

from typing import Any
from uuid import UUID

from cgraph import forums
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.forums import Feed, ForumRef, forum_name
from cgraph_kit.db import Repo
from cgraph_web.action import action
from cgraph_web.response import Response
from cgraph_web.views.feeds import TYPES, Format, xml


@action(public=True, errors=(forums.ForumNotFound,), returns=Any)
async def forum(
    db: Repo,
    actor: Actor | None,
    app: App,
    forum: ForumRef,
    format: Format,
) -> Response:
    """The newest posts of a forum as a feed: `atom` or `rss`.

    Feed readers show no token, so those of private forums are for programs that do.
    """
    feed = await forums.forum_feed(db, actor, forum_name(forum))
    return _answer(app, feed, format)


@action(public=True, errors=(forums.PostNotFound,), returns=Any)
async def post(
    db: Repo,
    actor: Actor | None,
    app: App,
    post_id: UUID,
    format: Format,
) -> Response:
    """The newest comments on a post as a feed: `atom` or `rss`."""
    return _answer(app, await forums.post_feed(db, actor, post_id), format)


def _answer(app: App, feed: Feed, format: Format) -> Response:
    base = f"{app.settings.base_url}/api/v1"
    body = xml(feed, format, base, f"{base}{feed.path}/feed/{format}")
    return Response(body, content_type=TYPES[format])

"""Many at once, with real commits."""

import asyncio
from random import Random
from typing import Any

from cgraph import forums
from cgraph.accounts import Actor
from cgraph.forums import ForumChange, NewForum, NewPoll, PollVote, SaveDraft, SetSubscription
from cgraph_kit.db import Database
from cgraph_kit.errors import Error, Invalid
from support.forums import make_forum, make_post, slug
from support.talk import make_actor, make_actors

DICE = Random(7)  # noqa: S311


async def together(*tasks: Any) -> list[Any]:
    """What each brings; refusals are answers, anything else is a bug."""
    done = await asyncio.gather(*tasks, return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException) and not isinstance(one, Error):
            raise one
    return done


class TestSubscriptions:
    async def test_are_counted_exactly(self, database: Database) -> None:
        ann, *others = await make_actors(database, 12)
        forum = await make_forum(database, ann)

        async def come_and_go(actor: Actor) -> None:
            for _ in range(6):
                if DICE.random() < 0.6:
                    await forums.subscribe(database, actor, forum.id, SetSubscription())
                else:
                    await forums.unsubscribe(database, actor, forum.id)

        # Two devices of each.
        await together(*(come_and_go(actor) for actor in [*others, *others]))
        shown = await forums.read_forum(database, None, forum.id)
        sql = "SELECT count(*) FROM forum_subscriptions WHERE forum_id = $1 AND state = 'active'"
        assert shown.subscriber_count == await database.value(sql, forum.id)

    async def test_are_accepted_once(self, database: Database) -> None:
        ann, bob = await make_actors(database, 2)
        forum = await make_forum(database, ann, visibility="private")
        await together(
            *(forums.accept_subscriber(database, ann, forum.id, bob.id) for _ in range(5)),
            *(forums.subscribe(database, bob, forum.id, SetSubscription()) for _ in range(5)),
        )
        assert (await forums.read_forum(database, ann, forum.id)).subscriber_count == 2


class TestForums:
    async def test_of_one_slug_there_is_one(self, database: Database) -> None:
        people = await make_actors(database, 5)
        new = NewForum(slug(), "Bees")
        made = await together(*(forums.create_forum(database, one, new) for one in people))
        assert sum(isinstance(one, forums.Forum) for one in made) == 1
        assert sum(isinstance(one, forums.SlugTaken) for one in made) == 4

    async def test_never_lie_in_themselves(self, database: Database) -> None:
        ann = await make_actor(database)
        made = [await make_forum(database, ann) for _ in range(4)]

        async def move(n: int) -> None:
            # Each below the next: fine alone, a ring together.
            change = ForumChange(parent_id=made[(n + 1) % 4].id)
            await forums.update_forum(database, ann, made[n].id, change)

        done = await together(*(move(n) for n in range(4)))
        assert sum(isinstance(one, Invalid) for one in done) == 1
        shown = [await forums.read_forum(database, None, forum.id) for forum in made]
        assert sorted(len(forum.ancestors) for forum in shown) == [0, 1, 2, 3]

    async def test_count_their_posts(self, database: Database) -> None:
        ann, *others = await make_actors(database, 6)
        forum = await make_forum(database, ann)

        async def post(actor: Actor, *, delete: bool) -> None:
            made = await make_post(database, actor, forum.id)
            if delete:
                await together(*(forums.delete_post(database, actor, made.id) for _ in range(2)))

        await together(*(post(actor, delete=n % 2 == 0) for n, actor in enumerate(others * 3)))
        shown = await forums.read_forum(database, None, forum.id)
        sql = "SELECT count(*) FROM posts WHERE forum_id = $1 AND deleted_at IS NULL"
        assert shown.post_count == await database.value(sql, forum.id) > 0


class TestPolls:
    async def test_count_each_voter_once(self, database: Database) -> None:
        ann, *others = await make_actors(database, 8)
        forum = await make_forum(database, ann)
        post = await make_post(database, ann, forum.id, poll=NewPoll(["a", "b", "c"]))
        votes = [(actor, DICE.choice([[], [1], [2], [3]])) for actor in others * 4]
        await together(
            *(forums.vote_in_poll(database, one, post.id, PollVote(v)) for one, v in votes)
        )
        poll = (await forums.get_post(database, None, post.id)).poll
        assert poll is not None
        sql = "SELECT count(*) FROM poll_votes WHERE post_id = $1"
        counted = await database.value(sql, post.id)
        assert sum(one.votes or 0 for one in poll.answers) == poll.voter_count == counted


class TestDrafts:
    async def test_of_two_devices_one_is_stale(self, database: Database) -> None:
        ann = await make_actor(database)
        saved = await together(
            *(forums.save_draft(database, ann, "k", SaveDraft({"n": n})) for n in range(4))
        )
        kept = await forums.get_draft(database, ann, "k")
        assert kept in saved
        assert sum(isinstance(one, forums.StaleDraft) for one in saved) == 3

"""Forums taken over: trees, counters and votes come out as if people had made them one by one."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from cgraph import forums
from cgraph.accounts import Actor
from cgraph.forums import ImportedComment, ImportedForum, ImportedPost, ImportedVote
from cgraph_kit.db import Repo, Transaction
from cgraph_kit.ids import new_id
from support.talk import make_actors

AT = datetime(2024, 1, 1, tzinfo=UTC)


async def wrong(db: Repo) -> dict[str, int]:
    """What is counted wrong."""
    return {what: n for what, n in (await forums.recount(db)).items() if n}


async def begun(db: Transaction, author: Actor) -> tuple[UUID, UUID]:
    """A forum with one post."""
    forum_id, post_id = new_id(), new_id()
    slug = f"f-{uuid4().hex[:12]}"
    await forums.import_forums(
        db,
        [ImportedForum(forum_id, slug, "Forum", AT, creator_id=author.id, moderators=[author.id])],
    )
    await forums.import_posts(db, [ImportedPost(post_id, forum_id, author.id, "Post", AT)])
    return forum_id, post_id


def comment(
    post_id: UUID, author: Actor, parent: UUID | None = None, **more: object
) -> ImportedComment:
    at = AT + timedelta(hours=1)
    return ImportedComment(new_id(), post_id, author.id, "hm", at, parent, **more)  # type: ignore[arg-type]


class TestImportComments:
    async def test_trees_grow_over_several_imports(self, db: Transaction) -> None:
        ann, bob = await make_actors(db, 2)
        _, post_id = await begun(db, ann)
        top = comment(post_id, bob)
        await forums.import_comments(db, [top])
        below = comment(post_id, ann, top.id)
        await forums.import_comments(db, [below, comment(post_id, bob, below.id)])
        counts = (
            "SELECT child_count::text || ' ' || descendant_count || ' ' || answered FROM comments"
        )
        assert await db.value(f"{counts} WHERE id = $1", top.id) == "1 2 true"
        assert await wrong(db) == {}

    async def test_beyond_the_deepest_they_stand_beside_what_they_answer(
        self, db: Transaction
    ) -> None:
        ann, bob = await make_actors(db, 2)
        _, post_id = await begun(db, ann)
        chain = [comment(post_id, bob)]
        for _ in range(55):
            chain.append(comment(post_id, bob, chain[-1].id))
        await forums.import_comments(db, chain)
        assert await db.value("SELECT max(depth) FROM comments") == 50
        last, before = chain[-1].id, chain[-2].id
        assert await db.value("SELECT reply_to_id FROM comments WHERE id = $1", last) == before
        assert await wrong(db) == {}

    async def test_what_an_author_deleted_counts_once_something_hangs_below_it(
        self, db: Transaction
    ) -> None:
        ann, bob = await make_actors(db, 2)
        _, post_id = await begun(db, ann)
        top = comment(post_id, bob)
        gone = comment(post_id, bob, top.id, deleted_at=AT + timedelta(hours=2))
        await forums.import_comments(db, [top, gone])
        children = "SELECT child_count FROM comments WHERE id = $1"
        assert await db.value(children, top.id) == 0
        await forums.import_comments(db, [comment(post_id, ann, gone.id)])
        assert await db.value(children, top.id) == 1
        assert await db.value("SELECT comment_count FROM posts WHERE id = $1", post_id) == 2
        assert await wrong(db) == {}

    async def test_only_others_on_young_posts_bring_them_up(self, db: Transaction) -> None:
        ann, bob = await make_actors(db, 2)
        _, post_id = await begun(db, ann)
        active = "SELECT active_at FROM posts WHERE id = $1"
        late = ImportedComment(new_id(), post_id, bob.id, "late", AT + timedelta(days=3))
        await forums.import_comments(db, [comment(post_id, ann), late])
        assert await db.value(active, post_id) == AT
        await forums.import_comments(db, [comment(post_id, bob)])
        assert await db.value(active, post_id) == AT + timedelta(hours=1)

    async def test_an_answer_to_nothing_is_an_error(self, db: Transaction) -> None:
        ann, _ = await make_actors(db, 2)
        _, post_id = await begun(db, ann)
        with pytest.raises(KeyError):
            await forums.import_comments(db, [comment(post_id, ann, new_id())])


class TestImportVotes:
    async def test_add_to_what_is_there_and_to_karma(self, db: Transaction) -> None:
        ann, bob, cara = await make_actors(db, 3)
        forum_id, post_id = await begun(db, ann)
        votes = [(post_id, ImportedVote(bob.id, 1, AT)), (post_id, ImportedVote(cara.id, -1, AT))]
        assert await forums.import_votes(db, "post", votes) == 2
        assert await forums.import_votes(db, "post", votes) == 0
        row = "SELECT upvotes::text || ' ' || downvotes FROM post_ranks WHERE id = $1"
        assert await db.value(row, post_id) == "1 1"
        karma = "SELECT posts FROM karma WHERE forum_id = $1 AND user_id = $2"
        await forums.import_votes(db, "post", [(post_id, ImportedVote(ann.id, 1, AT))])
        assert await db.value(karma, forum_id, ann.id) in {None, 0}
        assert await wrong(db) == {}


class TestFitSlug:
    @pytest.mark.parametrize(
        ("name", "slug"),
        [
            ("Käse & Brot", "kase-brot"),
            ("日本", "discussions"),
            ("x", "discussions"),
            ("a" * 50, "a" * 32),
        ],
    )
    async def test_is_the_nearest_that_fits(self, db: Transaction, name: str, slug: str) -> None:
        assert await forums.fit_slug(db, name) == slug

    async def test_one_that_is_taken_gets_a_number(self, db: Transaction) -> None:
        slug = f"tea-{uuid4().hex[:8]}"
        await forums.import_forums(db, [ImportedForum(new_id(), slug, "Tea", AT)])
        assert await forums.fit_slug(db, slug) == f"{slug}-2"

"""How much and how soon somebody may post."""

from datetime import UTC, datetime, timedelta

import pytest

from cgraph import forums
from cgraph.forums import NewComment, NewPost, PostingTooFast, SaidBefore, TooManyLinks
from cgraph.forums.limits import Limits, limits_of
from cgraph.forums.pace import Pace, PaceLimits, What, counted
from cgraph.settings import Settings
from cgraph_kit.db import Transaction
from support import plaza
from support.forum_scene import make_forum_scene
from support.talk import make_actor

START = datetime(2027, 1, 1, 12, tzinfo=UTC)
SET = limits_of(Settings(env="test")).pace
"""As operators find it."""


def post(
    pace: Pace,
    seconds: float,
    *,
    what: What = "post",
    text: str = "",
    new: bool = False,
    limits: PaceLimits = SET,
) -> Pace:
    """After one thing more, so many seconds after the start."""
    now = START + timedelta(seconds=seconds)
    return counted(pace, what, text or f"{now}", now, new=new, limits=limits)


class TestCounted:
    def test_lets_so_many_through_a_day(self) -> None:
        pace = Pace(START)
        for n in range(20):
            pace = post(pace, n * 60)
        with pytest.raises(PostingTooFast) as refused:
            post(pace, 3600)
        assert refused.value.retry_after == 23 * 3600
        assert refused.value.extra["what"] == "posts_per_day"
        assert post(pace, 24 * 3600).posts == 1

    def test_lets_less_through_on_the_first_day(self) -> None:
        pace = Pace(START)
        for n in range(3):
            pace = post(pace, n * 600, new=True)
        with pytest.raises(PostingTooFast):
            post(pace, 3600, new=True)
        assert post(pace, 3600).posts == 4
        pace = Pace(START)
        for n in range(10):
            pace = post(pace, n * 60, what="comment", new=True)
        with pytest.raises(PostingTooFast):
            post(pace, 3600, what="comment", new=True)

    @pytest.mark.parametrize(
        ("what", "new", "gap"),
        [("post", False, 15), ("comment", False, 5), ("post", True, 120), ("comment", True, 30)],
    )
    def test_wants_a_pause(self, what: What, new: bool, gap: int) -> None:
        pace = post(Pace(START), 0, what=what, new=new)
        with pytest.raises(PostingTooFast) as refused:
            post(pace, gap - 1, what=what, new=new)
        assert refused.value.retry_after == 1
        assert post(pace, gap, what=what, new=new)

    def test_counts_edits_apart(self) -> None:
        pace = Pace(START)
        for _ in range(30):
            pace = post(pace, 1, what="edit")
        with pytest.raises(PostingTooFast):
            post(pace, 2, what="edit")
        assert post(pace, 2).posts == 1

    def test_refuses_the_same_again_for_a_while(self) -> None:
        said = "Buy my honey, it is the best honey"
        pace = post(Pace(START), 0, text=said)
        with pytest.raises(SaidBefore):
            post(pace, 60, text=f"  {said.upper()}\n")
        with pytest.raises(SaidBefore):
            post(post(pace, 30, text="something else entirely"), 60, text=said)
        assert post(pace, 300, text=said)

    def test_lets_short_things_be_said_again(self) -> None:
        pace = post(Pace(START), 0, what="comment", text="Thank you!")
        assert post(pace, 10, what="comment", text="Thank you!")

    def test_refuses_many_links_of_new_accounts(self) -> None:
        links = "https://a.example http://b.example HTTPS://c.example"
        with pytest.raises(TooManyLinks):
            post(Pace(START), 0, text=links, new=True)
        assert post(Pace(START), 0, text=links)

    def test_knows_no_limit_where_there_is_none(self) -> None:
        pace, none = Pace(START), PaceLimits()
        for _ in range(100):
            pace = post(pace, 0, text="the very same thing again", new=True, limits=none)
        assert pace.posts == 100


LIMITS = Limits(pace=SET)


class TestCountPosting:
    async def test_is_asked_of_posts_comments_and_edits(self, db: Transaction) -> None:
        scene = await make_forum_scene(db)
        ann = await make_actor(db)
        new = NewPost("A question", "What do bees do in winter?")
        made = await forums.create_post(db, ann, scene.forum_id, new, limits=LIMITS)
        with pytest.raises(PostingTooFast) as refused:
            again = NewPost("Another one", "And in summer?")
            await forums.create_post(db, ann, scene.forum_id, again, limits=LIMITS)
        assert 100 < refused.value.retry_after <= 120
        await forums.create_comment(db, ann, made.id, NewComment("Anyone?"), limits=LIMITS)
        with pytest.raises(PostingTooFast):
            await forums.create_comment(db, ann, made.id, NewComment("Really?"), limits=LIMITS)
        few = Limits(pace=PaceLimits(edits_per_day=1))
        await forums.edit_post(db, ann, made.id, forums.PostChange(content="Why?"), limits=few)
        with pytest.raises(PostingTooFast):
            await forums.edit_post(db, ann, made.id, forums.PostChange(content="?"), limits=few)

    async def test_is_asked_of_who_moves_posts_to_where_they_do_not_moderate(
        self, db: Transaction
    ) -> None:
        scene = await make_forum_scene(db)
        other = await plaza.found(db, scene.reader)
        own = await plaza.found(db, scene.junior)
        few = Limits(pace=PaceLimits(posts_per_day=1))
        second, third = [await plaza.post(db, scene.author, scene.forum_id) for _ in range(2)]
        await forums.move_post(db, scene.junior, scene.post_id, other, limits=few)
        with pytest.raises(PostingTooFast):
            await forums.move_post(db, scene.junior, second, other, limits=few)
        with pytest.raises(PostingTooFast):
            await forums.create_post(db, scene.junior, other, NewPost("Hello"), limits=few)
        await forums.move_post(db, scene.junior, second, own, limits=few)
        await forums.move_post(db, scene.junior, third, own, limits=few)

    async def test_refuses_to_move_many_links_for_somebody_new(self, db: Transaction) -> None:
        scene = await make_forum_scene(db)
        other = await plaza.found(db, scene.reader)
        links = "https://a.example https://b.example"
        await plaza.change(db, "posts", scene.post_id, content=links)
        few = Limits(pace=PaceLimits(new_links_max=1))
        with pytest.raises(TooManyLinks):
            await forums.move_post(db, scene.junior, scene.post_id, other, limits=few)

    async def test_leaves_moderators_free(self, db: Transaction) -> None:
        scene = await make_forum_scene(db)
        for n in range(5):
            new = NewPost(f"Notice {n}", "Please read the rules, all of you")
            await forums.create_post(db, scene.junior, scene.forum_id, new, limits=LIMITS)

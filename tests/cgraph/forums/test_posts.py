from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from cgraph import accounts, forums
from cgraph.accounts import Actor
from cgraph.forums import (
    MutedWords,
    NewPoll,
    NewPost,
    PollVote,
    Post,
    PostChange,
    PostRead,
    SaveDraft,
    WherePosts,
    WhichPosts,
    canonical_url,
)
from cgraph.forums.revisions import diff
from cgraph_kit import clock
from cgraph_kit.db import Transaction
from cgraph_kit.errors import Invalid
from support.forums import make_forum, make_post, subscribe
from support.talk import block


@pytest.fixture
async def forum(db: Transaction, ann: Actor) -> UUID:
    """Ann's."""
    return (await make_forum(db, ann)).id


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`later(seconds)`: it is that much later now."""
    passed = timedelta()

    def now() -> datetime:
        return real() + passed

    def pass_(seconds: float) -> None:
        nonlocal passed
        passed += timedelta(seconds=seconds)

    real = clock.now
    monkeypatch.setattr(clock, "now", now)
    return pass_


async def edit(db: Transaction, actor: Actor, post: Post, **given: Any) -> Post:
    return await forums.edit_post(db, actor, post.id, PostChange(**given))


def titles(page: Any) -> list[str]:
    return [post.title for post in page.items]


class TestCreate:
    async def test_counts_and_brings_the_authors_vote(
        self, db: Transaction, forum: UUID, bob: Actor
    ) -> None:
        post = await make_post(db, bob, forum, content="hi")
        assert (post.score, post.my_vote, post.html) == (1, 1, "<p>hi</p>\n")
        assert (await forums.read_forum(db, None, forum)).post_count == 1

    async def test_links_whom_it_mentions(
        self, db: Transaction, forum: UUID, ann: Actor, bob: Actor
    ) -> None:
        post = await make_post(db, bob, forum, content=f"@{ann.username} @nobody.at.all")
        assert post.html == (
            f'<p><a class="mention" href="/users/{ann.id}">@{ann.username}</a> @nobody.at.all</p>\n'
        )

    async def test_mentions_nobody_a_block_parts(
        self, db: Transaction, forum: UUID, ann: Actor, bob: Actor
    ) -> None:
        await block(db, ann, bob)
        post = await make_post(db, bob, forum, content=f"@{ann.username}")
        assert "mention" not in post.html

    async def test_mentions_in_private_forums_only_those_inside(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann, visibility="private")
        post = await make_post(db, ann, forum.id, content=f"@{bob.username}")
        assert "mention" not in post.html

    async def test_is_for_those_the_policy_lets(
        self, db: Transaction, ann: Actor, bob: Actor
    ) -> None:
        forum = await make_forum(db, ann, posting="subscribers")
        with pytest.raises(forums.PostingRestricted):
            await make_post(db, bob, forum.id)
        await subscribe(db, bob, forum.id)
        await make_post(db, bob, forum.id)
        await forums.update_forum(db, ann, forum.id, forums.ForumChange(posting="moderators"))
        with pytest.raises(forums.PostingRestricted):
            await make_post(db, bob, forum.id)
        await make_post(db, ann, forum.id)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"title": "   \u200b "},
            {"content": "x" * 40_001},
            {"url": "ftp://x.example"},
            {"url": "https://x.example", "poll": NewPoll(["a", "b"])},
        ],
    )
    async def test_refuses(
        self, db: Transaction, forum: UUID, ann: Actor, wrong: dict[str, Any]
    ) -> None:
        with pytest.raises(Invalid):
            await make_post(db, ann, forum, **wrong)


class TestCanonicalUrl:
    @pytest.mark.parametrize(
        ("given", "url"),
        [
            ("HTTPS://X.Example", "https://x.example/"),
            ("http://x.example:80/a#b", "http://x.example/a"),
            ("https://x.example:443", "https://x.example/"),
            ("https://x.example:8443/?q=1", "https://x.example:8443/?q=1"),
            ("https://bücher.example/ä?ö", "https://xn--bcher-kva.example/%C3%A4?%C3%B6"),
            ("https://[::1]/", "https://[::1]/"),
            ("https://x.example./a%20b", "https://x.example/a%20b"),
        ],
    )
    def test_spells_alike(self, given: str, url: str) -> None:
        assert canonical_url(given) == url
        assert canonical_url(url) == url

    @pytest.mark.parametrize(
        "wrong",
        [
            *("", "x.example", "//x.example", "javascript:alert(1)", "https://", "https://a@b.c"),
            *(
                "https://x .example",
                "https://x.example\\a",
                "https://x.example:99999",
                "https://a\nb",
            ),
            "https://x.example/" + "ä" * 700,
        ],
    )
    def test_refuses_the_rest(self, wrong: str) -> None:
        with pytest.raises(Invalid):
            canonical_url(wrong)


class TestCrosspost:
    async def test_points_to_the_first(self, db: Transaction, ann: Actor, forum: UUID) -> None:
        other = await make_forum(db, ann)
        first = await make_post(db, ann, forum, title="First")
        second = await make_post(db, ann, other.id, crosspost_of_id=first.id)
        third = await make_post(db, ann, other.id, crosspost_of_id=second.id)
        assert third.crosspost_of is not None
        assert (third.crosspost_of.id, third.crosspost_of.title) == (first.id, "First")
        found = await forums.list_crossposts(db, None, first.id)
        assert [one.id for one in found] == [third.id, second.id]

    async def test_lists_who_links_to_the_same(
        self, db: Transaction, ann: Actor, forum: UUID
    ) -> None:
        one = await make_post(db, ann, forum, url="https://x.example/#a")
        other = await make_post(db, ann, forum, url="https://X.example")
        assert [post.id for post in await forums.list_crossposts(db, None, one.id)] == [other.id]

    async def test_tells_nothing_of_where_a_stub_led(
        self, db: Transaction, ann: Actor, bob: Actor, forum: UUID
    ) -> None:
        removed = await make_post(db, bob, forum, url="https://leak.example/a")
        beside = await make_post(db, bob, forum, url="https://leak.example/a")
        across = await make_post(db, bob, forum, crosspost_of_id=removed.id)
        await forums.create_comment(db, bob, removed.id, forums.NewComment("Oh"))
        await forums.remove_post(db, ann, removed.id)
        assert await forums.list_crossposts(db, None, removed.id) == []
        seen = await forums.list_crossposts(db, ann, removed.id)
        assert {one.id for one in seen} == {beside.id, across.id}
        assert [one.id for one in await forums.list_crossposts(db, None, across.id)] == []

    async def test_hides_what_one_may_not_read(
        self, db: Transaction, ann: Actor, bob: Actor, forum: UUID
    ) -> None:
        private = await make_forum(db, ann, visibility="private")
        hidden = await make_post(db, ann, private.id)
        post = await make_post(db, ann, forum, crosspost_of_id=hidden.id)
        assert (await forums.get_post(db, bob, post.id)).crosspost_of is None
        assert await forums.list_crossposts(db, bob, post.id) == []
        with pytest.raises(forums.PostNotFound):
            await make_post(db, bob, forum, crosspost_of_id=hidden.id)


class TestEdit:
    async def test_within_the_grace_leaves_no_trace(
        self, db: Transaction, forum: UUID, ann: Actor, later: Any
    ) -> None:
        post = await make_post(db, ann, forum, content="one")
        later(299)
        await edit(db, ann, post, content="two")
        (only,) = (await forums.list_post_revisions(db, None, post.id)).items
        assert (only.revision, only.content) == (1, "two")

    async def test_after_it_keeps_what_was(
        self, db: Transaction, forum: UUID, ann: Actor, later: Any
    ) -> None:
        post = await make_post(db, ann, forum, title="Bees", content="one\nsame")
        later(300)
        await edit(db, ann, post, content="two\nsame")
        page = await forums.list_post_revisions(db, None, post.id)
        assert [(one.revision, one.content) for one in page.items] == [
            (2, "two\nsame"),
            (1, "one\nsame"),
        ]
        changed = await forums.get_post_revision(db, None, post.id, 2)
        assert [(one.kind, list(one.lines)) for one in changed.diff] == [
            ("same", ["Bees", ""]),
            ("removed", ["one"]),
            ("added", ["two"]),
            ("same", ["same"]),
        ]
        with pytest.raises(forums.RevisionNotFound):
            await forums.get_post_revision(db, None, post.id, 3)

    async def test_to_the_same_does_nothing(
        self, db: Transaction, forum: UUID, ann: Actor, later: Any
    ) -> None:
        post = await make_post(db, ann, forum)
        later(1000)
        assert (await edit(db, ann, post, title=post.title)).edited_at is None

    async def test_is_the_authors(
        self, db: Transaction, forum: UUID, ann: Actor, bob: Actor
    ) -> None:
        post = await make_post(db, bob, forum)
        with pytest.raises(forums.NotPostAuthor):
            await edit(db, ann, post, title="Mine")


class TestDiff:
    def test_gives_up_on_repetition(self) -> None:
        old, new = "a\nb\n" * 500, "b\na\n" * 500
        assert [one.kind for one in diff(old, new)] == ["removed", "added"]

    def test_puts_together_what_was_and_what_is(self) -> None:
        old, new = "a\nb\nc", "a\nx\nc\nd"
        changes = diff(old, new)
        was = [line for one in changes if one.kind != "added" for line in one.lines]
        is_ = [line for one in changes if one.kind != "removed" for line in one.lines]
        assert (was, is_) == (old.split("\n"), new.split("\n"))


class TestDelete:
    async def test_leaves_nothing_of_the_words(
        self, db: Transaction, forum: UUID, ann: Actor, later: Any
    ) -> None:
        post = await make_post(db, ann, forum, title="Secret one", content="secret two")
        later(1000)
        await edit(db, ann, post, content="secret three")
        await forums.delete_post(db, ann, post.id)
        for sql in (
            "SELECT count(*) FROM events WHERE payload ILIKE '%secret%'",
            "SELECT count(*) FROM forum_revisions WHERE content ILIKE '%secret%'",
            "SELECT count(*) FROM posts WHERE title || content ILIKE '%secret%'",
        ):
            assert await db.value(sql) == 0, sql
        assert (await forums.read_forum(db, None, forum)).post_count == 0

    async def test_is_gone_for_others_unless_there_are_comments(
        self, db: Transaction, forum: UUID, ann: Actor, bob: Actor
    ) -> None:
        post = await make_post(db, ann, forum)
        await forums.delete_post(db, ann, post.id)
        await forums.delete_post(db, ann, post.id)
        with pytest.raises(forums.PostNotFound):
            await forums.get_post(db, bob, post.id)
        await db.value("UPDATE posts SET comment_count = 1 WHERE id = $1", post.id)
        stub = await forums.get_post(db, bob, post.id)
        assert (stub.title, stub.author, stub.html) == ("", None, "")
        assert stub.deleted_at is not None


class TestPoll:
    async def test_votes_are_changed_until_it_ends(
        self, db: Transaction, forum: UUID, ann: Actor, bob: Actor, later: Any
    ) -> None:
        ends_at = clock.now() + timedelta(hours=1)
        post = await make_post(db, ann, forum, poll=NewPoll(["a", "b"], ends_at=ends_at))
        for actor, answers in ((ann, [1]), (bob, [1]), (bob, [2]), (bob, [2])):
            poll = await forums.vote_in_poll(db, actor, post.id, PollVote(answers))
        assert [(one.votes, one.chosen) for one in poll.answers] == [(1, False), (1, True)]
        assert poll.voter_count == 2
        poll = await forums.vote_in_poll(db, bob, post.id, PollVote([]))
        assert ([one.votes for one in poll.answers], poll.voter_count) == ([1, 0], 1)
        later(3600)
        with pytest.raises(forums.PollEnded):
            await forums.vote_in_poll(db, bob, post.id, PollVote([1]))

    async def test_ends_within_what_time_there_is(
        self, db: Transaction, forum: UUID, ann: Actor
    ) -> None:
        for end in (clock.now(), datetime.max.replace(tzinfo=UTC)):
            with pytest.raises(Invalid) as refused:
                await make_post(db, ann, forum, poll=NewPoll(["a", "b"], ends_at=end))
            assert list(refused.value.fields or ()) == ["poll.ends_at"]

    async def test_hides_results_until_then(
        self, db: Transaction, forum: UUID, ann: Actor, later: Any
    ) -> None:
        ends_at = clock.now() + timedelta(hours=1)
        new = NewPoll(["a", "b"], ends_at=ends_at, hide_results=True)
        post = await make_post(db, ann, forum, poll=new)
        poll = await forums.vote_in_poll(db, ann, post.id, PollVote([1]))
        assert [one.votes for one in poll.answers] == [None, None]
        later(3600)
        ended = (await forums.get_post(db, None, post.id)).poll
        assert ended is not None
        assert [one.votes for one in ended.answers] == [1, 0]

    @pytest.mark.parametrize("answers", [[0], [3], [1, 2], [1, 1]])
    async def test_refuses(
        self, db: Transaction, forum: UUID, ann: Actor, answers: list[int]
    ) -> None:
        post = await make_post(db, ann, forum, poll=NewPoll(["a", "b"]))
        with pytest.raises(Invalid):
            await forums.vote_in_poll(db, ann, post.id, PollVote(answers))

    async def test_takes_several_where_it_may(
        self, db: Transaction, forum: UUID, ann: Actor
    ) -> None:
        post = await make_post(db, ann, forum, poll=NewPoll(["a", "b", "c"], multiple=True))
        poll = await forums.vote_in_poll(db, ann, post.id, PollVote([3, 1]))
        assert [one.votes for one in poll.answers] == [1, 0, 1]


class TestList:
    async def test_by_time_and_by_pages(self, db: Transaction, forum: UUID, ann: Actor) -> None:
        for n in range(5):
            await make_post(db, ann, forum, title=f"No. {n}")
        for sort, expected in (("new", [4, 3, 2, 1, 0]), ("old", [0, 1, 2, 3, 4])):
            found, after = [], None
            while True:
                which = WhichPosts(sort=sort, limit=2, after=after)  # type: ignore[arg-type]
                page = await forums.list_forum_posts(db, None, forum, which)
                found += titles(page)
                if (after := page.after) is None:
                    break
            assert found == [f"No. {n}" for n in expected]

    async def test_every_sort_answers(self, db: Transaction, forum: UUID, ann: Actor) -> None:
        await make_post(db, ann, forum, title="Here")
        for sort in forums.Sort.__args__:
            which = WherePosts(sort=sort, forums=[str(forum)])
            assert titles(await forums.list_posts(db, None, which)) == ["Here"], sort
            everywhere = await forums.list_posts(db, None, WherePosts(sort=sort, limit=1))
            assert len(everywhere.items) <= 1

    async def test_pinned_come_first(self, db: Transaction, forum: UUID, ann: Actor) -> None:
        for title in ("Pinned", "Was pinned", "Newest"):
            await make_post(db, ann, forum, title=title)
        sql = "UPDATE posts SET pinned_at = now(), pinned_until = $2 WHERE title = $1"
        await db.value(sql, "Pinned", None)
        await db.value(sql, "Was pinned", clock.now() - timedelta(days=1))
        page = await forums.list_forum_posts(db, None, forum, WhichPosts(sort="new", limit=2))
        assert titles(page) == ["Pinned", "Newest", "Was pinned"]

    async def test_of_ones_own_forums(
        self, db: Transaction, forum: UUID, ann: Actor, bob: Actor
    ) -> None:
        await make_post(db, ann, forum, title="Hers")
        subscribed, moderated = WherePosts(scope="subscribed"), WherePosts(scope="moderated")
        assert titles(await forums.list_posts(db, bob, subscribed)) == []
        await subscribe(db, bob, forum)
        assert titles(await forums.list_posts(db, bob, subscribed)) == ["Hers"]
        assert titles(await forums.list_posts(db, bob, moderated)) == []
        assert titles(await forums.list_posts(db, ann, moderated)) == ["Hers"]
        assert titles(await forums.list_posts(db, None, subscribed)) == []

    async def test_of_several_forums_names_all(
        self, db: Transaction, forum: UUID, ann: Actor, bob: Actor
    ) -> None:
        other = await make_forum(db, ann)
        for id in (forum, other.id):
            await make_post(db, ann, id)
        both = WherePosts(forums=[str(forum), other.slug], sort="new")
        assert len((await forums.list_posts(db, None, both)).items) == 2
        private = await make_forum(db, ann, visibility="private")
        with pytest.raises(forums.ForumNotFound):
            await forums.list_posts(db, bob, WherePosts(forums=[private.slug]))

    async def test_of_a_person_shows_what_one_may_read(
        self, db: Transaction, forum: UUID, ann: Actor, bob: Actor
    ) -> None:
        private = await make_forum(db, ann, visibility="private")
        await make_post(db, ann, forum, title="Open")
        await make_post(db, ann, private.id, title="Closed")
        which = WherePosts(author_id=ann.id)
        assert titles(await forums.list_posts(db, bob, which)) == ["Open"]
        assert titles(await forums.list_posts(db, ann, which)) == ["Closed", "Open"]
        with pytest.raises(Invalid):
            await forums.list_posts(db, bob, WherePosts(author_id=ann.id, sort="hot"))

    async def test_leaves_out_hidden_muted_blocked_and_gone(
        self, db: Transaction, forum: UUID, ann: Actor, bob: Actor, eve: Actor
    ) -> None:
        await make_post(db, ann, forum, title="Kept")
        hidden = await make_post(db, ann, forum, title="Hidden")
        await make_post(db, ann, forum, title="A WASP again")
        await make_post(db, eve, forum, title="Blocked")
        gone = await make_post(db, ann, forum, title="Gone")
        await forums.hide_post(db, bob, hidden.id, hidden=True)
        await forums.set_muted_words(db, bob, MutedWords(["Wasp"]))
        await accounts.block_user(db, bob, eve.id)
        await forums.delete_post(db, ann, gone.id)
        which = WhichPosts(sort="new")
        assert titles(await forums.list_forum_posts(db, bob, forum, which)) == ["Kept"]
        assert len((await forums.list_forum_posts(db, None, forum, which)).items) == 4

    async def test_shows_only_the_beginning(self, db: Transaction, forum: UUID, ann: Actor) -> None:
        post = await make_post(db, ann, forum, content="x" * 600)
        (listed,) = (await forums.list_forum_posts(db, None, forum, WhichPosts())).items
        assert (len(listed.content), listed.truncated) == (500, True)
        whole = await forums.get_post(db, None, post.id)
        assert (len(whole.content), whole.truncated) == (600, False)


class TestMarks:
    async def test_saved_are_listed_the_latest_first(
        self, db: Transaction, forum: UUID, ann: Actor, bob: Actor, later: Any
    ) -> None:
        for title in ("one", "two"):
            post = await make_post(db, ann, forum, title=title)
            later(1)
            await forums.save_post(db, bob, post.id, saved=True)
        assert titles(await forums.list_kept(db, bob, "saved")) == ["two", "one"]
        await forums.save_post(db, bob, post.id, saved=False)
        assert titles(await forums.list_kept(db, bob, "saved")) == ["one"]

    async def test_reading_tells_what_is_new(
        self, db: Transaction, forum: UUID, ann: Actor, bob: Actor
    ) -> None:
        post = await make_post(db, ann, forum)
        assert (await forums.get_post(db, bob, post.id)).new_comments is None
        await db.value("UPDATE posts SET comment_count = 5 WHERE id = $1", post.id)
        marks = await forums.read_post(db, bob, post.id, PostRead(3))
        assert marks.new_comments == 2
        assert (await forums.read_post(db, bob, post.id, PostRead(1))).new_comments == 2
        assert (await forums.read_post(db, bob, post.id, PostRead())).new_comments == 0

    async def test_following_is_a_preference(
        self, db: Transaction, forum: UUID, ann: Actor, bob: Actor
    ) -> None:
        post = await make_post(db, ann, forum)
        sql = "SELECT level FROM notification_preferences WHERE user_id = $1 AND scope_id = $2"
        assert (await forums.follow_post(db, bob, post.id, followed=True)).followed
        assert await db.value(sql, bob.id, post.id) == "all"
        assert not (await forums.follow_post(db, bob, post.id, followed=False)).followed
        assert await db.value(sql, bob.id, post.id) is None


class TestDrafts:
    async def test_stale_ones_are_refused(self, db: Transaction, ann: Actor) -> None:
        first = await forums.save_draft(db, ann, "post:x", SaveDraft({"a": 1}))
        second = await forums.save_draft(db, ann, "post:x", SaveDraft({"a": 2}, first.revision))
        assert (second.revision, second.content) == (2, {"a": 2})
        for stale in (0, 1, 3):
            with pytest.raises(forums.StaleDraft) as refused:
                await forums.save_draft(db, ann, "post:x", SaveDraft({"a": 3}, stale))
            assert refused.value.extra == {"revision": 2}
        await forums.delete_draft(db, ann, "post:x")
        with pytest.raises(forums.DraftNotFound):
            await forums.get_draft(db, ann, "post:x")

    async def test_are_ones_own(self, db: Transaction, ann: Actor, bob: Actor) -> None:
        await forums.save_draft(db, ann, "k", SaveDraft({}))
        assert (await forums.list_drafts(db, bob)).items == []

    async def test_are_forgotten_in_the_end(self, db: Transaction, ann: Actor, later: Any) -> None:
        await forums.save_draft(db, ann, "k", SaveDraft({}))
        later(181 * 86_400)
        await forums.forget_drafts(db)
        assert (await forums.list_drafts(db, ann)).items == []

    @pytest.mark.parametrize(
        ("key", "content"), [("x" * 101, {}), ("k", {"a": "\0"}), ("k", {"a": "x" * 200_000})]
    )
    async def test_refuses(
        self, db: Transaction, ann: Actor, key: str, content: dict[str, Any]
    ) -> None:
        with pytest.raises(Invalid):
            await forums.save_draft(db, ann, key, SaveDraft(content))


class TestNewPost:
    def test_refuses_titles_that_show_nothing(self) -> None:
        with pytest.raises(Invalid):
            NewPost("\u200b\u200b\u200b")

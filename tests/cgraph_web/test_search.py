"""Searching as clients do: what is found, how it is shown, and that what is taken away is gone at once."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from cgraph import accounts, forums, groups, messaging, search
from cgraph.application import App
from cgraph.files import NewAttachment
from cgraph.forums import ForumChange, MutedWords, NewComment
from cgraph.groups import CHANNELS, NewThread, Permission
from cgraph.messaging import NewMessage
from cgraph_kit.ids import new_id
from support.attached import with_file
from support.communities import enter, first_channel, found, make_role, overwrite
from support.forums import make_forum, make_post, subscribe
from support.people import PASSWORD, Person, converse, register, say

from .conftest import Answer, Caller

A = "/api/v1"


def word() -> str:
    """One nobody has written before, and nothing like any other."""
    return "".join(chr(ord("a") + int(digit, 16)) for digit in new_id().hex[-18:])


class Finder:
    """Searches over HTTP, in all that has happened."""

    def __init__(self, app: App, site: Caller) -> None:
        self.app = app
        self.site = site

    async def indexed(self) -> None:
        await search.follow_changes(self.app.db, self.app.search)

    async def ask(self, person: Person | None, path: str = "", **query: Any) -> Answer:
        caller = self.site.as_(person.token if person else None)
        return await caller.get(f"{A}/search{path}?{urlencode(query)}")

    async def __call__(self, person: Person | None, q: str, **query: Any) -> list[dict[str, Any]]:
        answer = await self.ask(person, q=q, **query)
        assert answer.status == 200, answer.body
        hits: list[dict[str, Any]] = answer.json["data"]
        return hits


@pytest.fixture
def find(app: App, site: Caller) -> Finder:
    return Finder(app, site)


async def tell(app: App, person: Person, place_id: UUID, text: str) -> UUID:
    """Something said in a channel or thread."""
    new = NewMessage(text)
    sent = await messaging.send_message(app.db, person.actor, place_id, new, gate=CHANNELS)
    return sent.id


class TestIndex:
    async def test_shows_a_message_where_it_was_said(
        self, app: App, find: Finder, ann: Person, bob: Person
    ) -> None:
        id, term = await converse(app, ann, bob), word()
        sent = await say(app, ann, id, f"the {term} is here")
        await find.indexed()
        (hit,) = await find(bob, term)
        shown = (
            await find.site.as_(bob.token).get(f"{A}/conversations/{id}/messages/{sent.id}")
        ).json
        assert (hit["type"], hit["message"]) == ("message", shown["data"])
        assert hit["place"]["type"] == "conversation"
        assert hit["place"]["peer"]["id"] == str(ann.id)
        (highlight,) = hit["highlights"]
        assert (highlight["field"], highlight["text"]) == ("content", f"the {term} is here")
        assert highlight["spans"] == [{"start": 4, "length": len(term)}]

    async def test_names_the_group_of_a_message_in_a_thread(
        self, app: App, find: Finder, ann: Person
    ) -> None:
        group_id, term = await found(app.db, ann.actor, "Beekeepers"), word()
        channel_id = await first_channel(app.db, group_id)
        thread = await groups.create_thread(app.db, ann.actor, channel_id, NewThread("Swarms"))
        await tell(app, ann, thread.id, term)
        await find.indexed()
        (hit,) = await find(ann, term)
        assert hit["place"]["type"] == "thread"
        assert hit["place"]["name"] == "Swarms"
        assert hit["place"]["channel_id"] == str(channel_id)
        assert hit["place"]["group"] == {"id": str(group_id), "name": "Beekeepers"}

    async def test_finds_everything_there_is(
        self, app: App, find: Finder, ann: Person, bob: Person
    ) -> None:
        term = word()
        group_id = await found(app.db, ann.actor, f"{term} club")
        channel_id = await first_channel(app.db, group_id)
        await groups.create_thread(app.db, ann.actor, channel_id, NewThread(term))
        forum = await make_forum(app.db, ann.actor, title=f"All about {term}")
        post = await make_post(app.db, bob.actor, forum.id, title=term)
        new = NewComment(content=f"more {term}")
        await forums.create_comment(app.db, bob.actor, post.id, new)
        await tell(app, ann, channel_id, term)
        named = accounts.UpdateAccount(display_name=f"Ms {term}")
        await accounts.update_account(app.db, bob.actor, named)
        await find.indexed()
        hits = await find(ann, term)
        kinds = ("channel", "comment", "forum", "group", "message", "post", "user")
        assert sorted(hit["type"] for hit in hits) == sorted(kinds)
        counts = (await find.ask(ann, "/counts", q=term)).json["data"]
        assert {one["type"]: one["total"] for one in counts} == dict.fromkeys(kinds, 1) | {
            "file": 0
        }
        assert [hit["type"] for hit in await find(ann, term, types="user,post")] == ["post", "user"]

    async def test_shows_files_with_what_they_hang_on(
        self, app: App, find: Finder, ann: Person, bob: Person
    ) -> None:
        term, id = word(), await converse(app, ann, bob)
        forum = await make_forum(app.db, ann.actor)

        async def a_file() -> list[NewAttachment]:
            return [await with_file(app.db, ann.actor, name=f"{term}.png")]

        new = NewMessage("look", attachments=await a_file())
        said = await messaging.send_message(app.db, ann.actor, id, new)
        post = await make_post(app.db, ann.actor, forum.id, attachments=await a_file())
        reply = NewComment(content="look", attachments=await a_file())
        comment = await forums.create_comment(app.db, ann.actor, post.id, reply)
        await find.indexed()
        hits = await find(bob, f"{term} type:file", sort="oldest")
        assert [hit["file"]["name"] for hit in hits] == [f"{term}.png"] * 3
        by_message, by_post, by_comment = hits
        assert by_message["message"]["id"] == str(said.id)
        assert by_message["place"]["id"] == str(id)
        assert (by_post["post"]["id"], by_post["comment_id"]) == (str(post.id), None)
        assert by_comment["comment_id"] == str(comment.id)
        assert by_comment["forum"]["id"] == str(forum.id)
        assert len(await find(await register(app), f"{term} type:file")) == 2

    async def test_shows_what_was_said_around_it(
        self, app: App, find: Finder, ann: Person, bob: Person
    ) -> None:
        id, term = await converse(app, ann, bob), word()
        for text in ("one", "two", term, "four", "five", "six"):
            await say(app, ann, id, text)
        await find.indexed()
        (hit,) = await find(bob, term, context=2)
        assert [one["content"] for one in hit["before"]] == ["one", "two"]
        assert [one["content"] for one in hit["after"]] == ["four", "five"]

    async def test_is_read_page_by_page(
        self, app: App, find: Finder, ann: Person, bob: Person
    ) -> None:
        id, term = await converse(app, ann, bob), word()
        sent = [str((await say(app, ann, id, f"{term} {n}")).id) for n in range(5)]
        await find.indexed()
        seen, query = [], {"q": term, "limit": 2}
        while True:
            answer = (await find.ask(ann, **query)).json
            assert (answer["total"], answer["total_is_capped"]) == (5, False)
            seen += [hit["message"]["id"] for hit in answer["data"]]
            if answer["page"]["after"] is None:
                break
            query["cursor"] = answer["page"]["after"]
        assert seen == sent[::-1]
        assert [h["message"]["id"] for h in await find(ann, term, sort="oldest")] == sent
        other = await find.ask(ann, q=f"{term} x", cursor=query["cursor"])
        assert (other.status, other.code) == (422, "invalid")

    async def test_is_widened_where_nothing_is_found(
        self, app: App, find: Finder, ann: Person, bob: Person
    ) -> None:
        id, term = await converse(app, ann, bob), word()
        await say(app, ann, id, f"{term}")
        await find.indexed()
        answer = (await find.ask(bob, q=term[3:-3])).json
        assert (len(answer["data"]), answer["widened"]) == (1, "infix")
        answer = (await find.ask(await register(app), q=term[3:-3])).json
        assert (answer["data"], answer["total"], answer["widened"]) == ([], 0, None)

    @pytest.mark.parametrize(
        ("q", "reason"),
        [("", "empty"), ("colour:red", "unknown_operator"), ("x" * 501, "too_long")],
    )
    async def test_says_where_a_search_cannot_be_read(
        self, find: Finder, ann: Person, q: str, reason: str
    ) -> None:
        answer = await find.ask(ann, q=q)
        assert (answer.status, answer.code) == (422, "invalid_search")
        assert answer.error["reason"] == reason

    @pytest.mark.parametrize(
        "query",
        [
            {"q": "x" * 4001},
            {"q": "x", "types": "messages"},
            {"q": "x", "types": "message\n"},
            {"q": "x", "limit": 51},
            {"q": "x", "context": 6},
            {"q": "x", "cursor": "WyJhIl0"},
            {"q": "x", "sort": "best"},
        ],
    )
    async def test_refuses_what_it_does_not_know(
        self, find: Finder, ann: Person, query: dict[str, Any]
    ) -> None:
        answer = await find.ask(ann, **query)
        assert (answer.status, answer.code) == (422, "invalid")

    async def test_finds_what_is_public_for_nobody_in_particular(
        self, app: App, find: Finder, ann: Person, bob: Person
    ) -> None:
        term = word()
        for visibility in ("public", "unlisted", "private"):
            forum = await make_forum(app.db, ann.actor, visibility=visibility, title=visibility)
            await make_post(app.db, ann.actor, forum.id, title=term)
        await say(app, ann, await converse(app, ann, bob), term)
        await find.indexed()
        hits = await find(None, term)
        assert [hit["post"]["forum"]["title"] for hit in hits] == ["public"]
        assert await find(None, f"from:me {term}") == []
        assert await find(None, f"in:{hits[0]['post']['forum']['slug']} {term}") == hits

    async def test_finds_nothing_for_who_has_nothing(self, find: Finder, ann: Person) -> None:
        for q in ("type:message", "type:group", "is:unread", "is:mentioned", "is:saved"):
            assert await find(ann, q) == []


class TestNames:
    async def test_mean_what_the_reader_sees(
        self, app: App, find: Finder, ann: Person, bob: Person
    ) -> None:
        term = word()
        group_id = await found(app.db, ann.actor, f"{term} club")
        channel_id = await first_channel(app.db, group_id)
        with_bob, alone = await converse(app, ann, bob), await converse(app, ann)
        said = {
            "group": str(await tell(app, ann, channel_id, f"{term} group")),
            "bob": str((await say(app, bob, with_bob, f"{term} bob")).id),
            "self": str((await say(app, ann, alone, f"{term} self")).id),
        }
        await find.indexed()
        cases = {
            f'in:"{term} club"': ["group"],
            f"in:{channel_id}": ["group"],
            f"in:@{bob.actor.username}": ["bob"],
            "in:@me": ["self"],
            f"from:{bob.actor.username}": ["bob"],
            "from:me": ["self", "group"],
            "-from:me": ["bob"],
            f"-in:{with_bob}": ["self", "group"],
        }
        for q, names in cases.items():
            hits = await find(ann, f"{term} type:message {q}")
            assert [hit["message"]["id"] for hit in hits] == [said[name] for name in names], q

    async def test_that_nobody_has_are_like_those_who_have_said_nothing(
        self, app: App, find: Finder, ann: Person, bob: Person
    ) -> None:
        hidden = await found(app.db, bob.actor, word())
        await say(app, ann, await converse(app, ann, bob), "hello there")
        await find.indexed()
        silent = await register(app)
        answers = [
            (await find.ask(ann, q=q)).json
            for q in (
                f"from:{silent.actor.username} type:message",
                "from:nobody.at.all type:message",
                f"from:{new_id()} type:message",
                f"in:{hidden} type:message",
                "in:#nowhere type:message",
            )
        ]
        assert all(answer == answers[0] for answer in answers)
        assert answers[0]["data"] == []


class TestMarks:
    async def test_of_the_reader_narrow(
        self, app: App, find: Finder, ann: Person, bob: Person
    ) -> None:
        id, term = await converse(app, ann, bob), word()
        first = await say(app, ann, id, f"{term} @{bob.actor.username}")
        await messaging.mark_read(app.db, bob.actor, id, messaging.ReadMarker(first.id))
        second = await say(app, ann, id, term)
        await find.indexed()

        async def ids(q: str) -> list[str]:
            return [hit["message"]["id"] for hit in await find(bob, f"{term} {q}")]

        assert await ids("is:unread") == [str(second.id)]
        assert await ids("-is:unread") == [str(first.id)]
        assert await ids("is:mentioned") == [str(first.id)]
        assert await ids(f"mentions:{bob.actor.username}") == [str(first.id)]
        assert await ids("-mentions:me") == [str(second.id)]

    async def test_on_posts_narrow_and_hide(
        self, app: App, find: Finder, ann: Person, bob: Person
    ) -> None:
        forum, term, muted = await make_forum(app.db, ann.actor), word(), word()
        plain, saved, hidden, loud = [
            (await make_post(app.db, ann.actor, forum.id, title=f"{term} {more}")).id
            for more in ("a", "b", "c", muted)
        ]
        await forums.create_comment(app.db, ann.actor, hidden, NewComment(content=term))
        await forums.save_post(app.db, bob.actor, saved, saved=True)
        await forums.hide_post(app.db, bob.actor, hidden, hidden=True)
        await forums.set_muted_words(app.db, bob.actor, MutedWords([muted]))
        await find.indexed()

        async def ids(person: Person, q: str) -> set[str]:
            answer = (await find.ask(person, q=f"{term} {q}")).json
            assert answer["total"] == len(answer["data"])
            return {hit["post"]["id"] for hit in answer["data"] if hit["type"] == "post"}

        assert await ids(bob, "") == {str(plain), str(saved)}
        assert await ids(bob, "is:saved") == {str(saved)}
        assert await ids(bob, "-is:saved") == {str(plain)}
        assert await ids(ann, "") == {str(id) for id in (plain, saved, hidden, loud)}
        assert await ids(ann, "score:>5") == set()


class Reach:
    """What somebody else takes from the reader, with the words that were found until then."""

    def __init__(self, app: App, owner: Person, reader: Person) -> None:
        self.app = app
        self.owner = owner
        self.reader = reader
        self.term = word()

    async def say_in_group(self, *, private_thread: bool = False) -> tuple[UUID, UUID]:
        """The group, and the channel or thread."""
        db, owner = self.app.db, self.owner.actor
        group_id = await found(db, owner)
        await enter(db, group_id, self.reader.actor)
        place_id = await first_channel(db, group_id)
        if private_thread:
            new = NewThread("aside", private=True)
            place_id = (await groups.create_thread(db, owner, place_id, new)).id
            await groups.add_thread_member(db, owner, place_id, self.reader.id)
        await tell(self.app, self.owner, place_id, self.term)
        return group_id, place_id

    async def post_in_forum(self, **more: Any) -> UUID:
        forum = await make_forum(self.app.db, self.owner.actor, **more)
        await subscribe(self.app.db, self.reader.actor, forum.id)
        if more:
            reader_id = self.reader.id
            await forums.accept_subscriber(self.app.db, self.owner.actor, forum.id, reader_id)
        post = await make_post(self.app.db, self.owner.actor, forum.id, title=self.term)
        new = NewComment(content=self.term)
        await forums.create_comment(self.app.db, self.owner.actor, post.id, new)
        return forum.id


Taking = Callable[[], Awaitable[object]]


async def denied_channel(reach: Reach) -> Taking:
    _, channel_id = await reach.say_in_group()
    bits = int(Permission.VIEW_CHANNEL)
    return lambda: overwrite(reach.app.db, channel_id, reach.reader.id, deny=bits)


async def denied_history(reach: Reach) -> Taking:
    group_id, channel_id = await reach.say_in_group()
    bits = int(Permission.READ_MESSAGE_HISTORY)
    return lambda: overwrite(reach.app.db, channel_id, group_id, deny=bits)


async def lost_role(reach: Reach) -> Taking:
    db, reader = reach.app.db, reach.reader.id
    group_id, channel_id = await reach.say_in_group()
    bits = int(Permission.VIEW_CHANNEL)
    role_id = await make_role(db, group_id)
    await overwrite(db, channel_id, group_id, deny=bits)
    await overwrite(db, channel_id, role_id, allow=bits)
    owner = reach.owner.actor
    role = groups.MemberRole(group_id, reader, role_id)
    await groups.add_member_role(db, owner, role)
    return lambda: groups.remove_member_role(db, owner, role)


async def weakened_everyone(reach: Reach) -> Taking:
    group_id, _ = await reach.say_in_group()
    change = groups.RoleChange(permissions="0")
    return lambda: groups.update_role(reach.app.db, reach.owner.actor, group_id, group_id, change)


async def kicked(reach: Reach) -> Taking:
    group_id, _ = await reach.say_in_group()
    return lambda: groups.kick_member(reach.app.db, reach.owner.actor, group_id, reach.reader.id)


async def banned(reach: Reach) -> Taking:
    group_id, _ = await reach.say_in_group()
    new = groups.NewBan()
    return lambda: groups.ban_member(
        reach.app.db, reach.owner.actor, group_id, reach.reader.id, new
    )


async def left_group(reach: Reach) -> Taking:
    group_id, _ = await reach.say_in_group()
    return lambda: groups.leave_group(reach.app.db, reach.reader.actor, group_id)


async def removed_from_thread(reach: Reach) -> Taking:
    _, thread_id = await reach.say_in_group(private_thread=True)
    return lambda: groups.remove_thread_member(
        reach.app.db, reach.owner.actor, thread_id, reach.reader.id
    )


async def deleted_channel(reach: Reach) -> Taking:
    _, channel_id = await reach.say_in_group()
    return lambda: groups.delete_channel(reach.app.db, reach.owner.actor, channel_id)


async def left_conversation(reach: Reach) -> Taking:
    third = await register(reach.app)
    id = await converse(reach.app, reach.owner, reach.reader, third)
    await say(reach.app, reach.owner, id, reach.term)
    return lambda: messaging.leave_conversation(reach.app.db, reach.reader.actor, id)


async def blocked(reach: Reach) -> Taking:
    await reach.say_in_group()
    return lambda: accounts.block_user(reach.app.db, reach.reader.actor, reach.owner.id)


async def deleted_message(reach: Reach) -> Taking:
    id = await converse(reach.app, reach.owner, reach.reader)
    sent = await say(reach.app, reach.owner, id, reach.term)
    return lambda: messaging.delete_message(reach.app.db, reach.owner.actor, id, sent.id)


async def forum_made_private(reach: Reach) -> Taking:
    forum_id = await reach.post_in_forum()
    await forums.unsubscribe(reach.app.db, reach.reader.actor, forum_id)
    change = ForumChange(visibility="private")
    return lambda: forums.update_forum(reach.app.db, reach.owner.actor, forum_id, change)


async def removed_subscriber(reach: Reach) -> Taking:
    forum_id = await reach.post_in_forum(visibility="private")
    return lambda: forums.remove_subscriber(
        reach.app.db, reach.owner.actor, forum_id, reach.reader.id
    )


async def banned_from_private_forum(reach: Reach) -> Taking:
    forum_id = await reach.post_in_forum(visibility="private")
    new = forums.NewForumBan()
    return lambda: forums.ban_user(reach.app.db, reach.owner.actor, forum_id, reach.reader.id, new)


async def blocked_by_author(reach: Reach) -> Taking:
    await reach.post_in_forum()
    return lambda: accounts.block_user(reach.app.db, reach.owner.actor, reach.reader.id)


TAKEN = (
    *(denied_channel, denied_history, lost_role, weakened_everyone, kicked, banned, left_group),
    *(removed_from_thread, deleted_channel, left_conversation, blocked, deleted_message),
    *(forum_made_private, removed_subscriber, banned_from_private_forum, blocked_by_author),
)


GONE = (deleted_channel, deleted_message)
"""No right was taken: what there was is not there any more. It counts until the index has followed, and is not shown."""


class TestRevocation:
    @pytest.mark.parametrize("taken", TAKEN, ids=lambda taken: taken.__name__)
    async def test_counts_from_the_next_search_on(
        self,
        app: App,
        find: Finder,
        ann: Person,
        bob: Person,
        taken: Callable[[Reach], Awaitable[Taking]],
    ) -> None:
        reach = Reach(app, ann, bob)
        take = await taken(reach)
        await find.indexed()
        assert await find(bob, reach.term) != []
        await take()  # and nothing is indexed anew
        answer = (await find.ask(bob, q=reach.term)).json
        assert (answer["data"], answer["total"], answer["widened"]) == ([], 0, None)
        if taken not in GONE:
            counts = (await find.ask(bob, "/counts", q=reach.term)).json["data"]
            assert sum(one["total"] for one in counts) == 0

    async def test_leaves_what_came_after_one_joined(
        self, app: App, find: Finder, ann: Person, bob: Person
    ) -> None:
        third, term = await register(app), word()
        id = await converse(app, ann, bob, await register(app))
        await say(app, ann, id, f"{term} before")
        new = messaging.NewParticipants([third.id])
        await messaging.add_participants(app.db, ann.actor, id, new)
        sent = await say(app, ann, id, f"{term} after")
        await find.indexed()
        hits = await find(third, term, context=5)
        assert [hit["message"]["id"] for hit in hits] == [str(sent.id)]
        assert hits[0]["before"] == []

    async def test_of_an_account_leaves_nobody_to_ask_and_nobody_to_find(
        self, find: Finder, site: Caller, ann: Person, bob: Person
    ) -> None:
        await find.indexed()
        q = f"{bob.actor.username} type:user"
        assert [hit["user"]["id"] for hit in await find(ann, q)] == [str(bob.id)]
        gone = await site.as_(bob.token).post(f"{A}/me/deactivate", {"password": PASSWORD})
        assert gone.status == 204
        assert await find(ann, q) == []
        assert (await find.ask(bob, q=q)).status == 401

"""Reporting what one can see, and what is kept of it."""

from uuid import uuid4

import pytest

from cgraph import accounts, messaging, moderation
from cgraph.accounts import UserNotFound
from cgraph.messaging import ConversationNotFound, MessageEdit, MessageNotFound
from cgraph.moderation import NewReport
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from support.attached import with_file
from support.moderating import make_admin, only_case, report_message
from support.talk import make_actor, make_actors, open_between, say


class TestNewReport:
    def test_of_a_message_names_where_it_is(self) -> None:
        with pytest.raises(Invalid) as refused:
            NewReport("message", uuid4(), "spam")
        assert "conversation_id" in refused.value.fields

    def test_of_anything_else_names_no_conversation(self) -> None:
        with pytest.raises(Invalid):
            NewReport("user", uuid4(), "spam", None, uuid4())


class TestReportItem:
    async def test_keeps_a_message_and_its_neighbours_as_they_were(self, db: Repo) -> None:
        ann, bob = await make_actors(db, 2)
        id = await open_between(db, ann, bob)
        said = [await say(db, bob, id, f"{n}") for n in range(20)]
        await report_message(db, ann, id, said[9].id, "harassment")
        await messaging.edit_message(db, bob, id, said[9].id, MessageEdit("harmless"))
        await messaging.delete_message(db, bob, id, said[9].id)
        await messaging.delete_message(db, bob, id, said[8].id)

        case = await only_case(db, await make_admin(db), said[9].id)
        assert case.snapshot is not None
        assert case.snapshot.item.content == "9"
        assert [one.content for one in case.snapshot.around] == [
            *("4", "5", "6", "7", "8"),
            *("10", "11", "12", "13", "14"),
        ]
        assert case.author is not None
        assert case.author.id == bob.id
        assert case.reasons == {"harassment": 1}

    async def test_keeps_what_came_with_it(self, db: Repo) -> None:
        ann, bob = await make_actors(db, 2)
        id = await open_between(db, ann, bob)
        named = await with_file(db, bob, name="rude.png")
        new = messaging.NewMessage(attachments=[named])
        said = await messaging.send_message(db, bob, id, new)
        await report_message(db, ann, id, said.id)
        await messaging.delete_message(db, bob, id, said.id)
        case = await only_case(db, await make_admin(db), said.id)
        assert case.snapshot is not None
        assert [one.name for one in case.snapshot.item.attachments] == ["rude.png"]

    async def test_keeps_nothing_from_before_the_reporter_joined(self, db: Repo) -> None:
        ann, bob, eve, zoe = await make_actors(db, 4)
        id = await open_between(db, ann, bob, zoe)
        await say(db, bob, id, "secret")
        await messaging.add_participants(db, ann, id, messaging.NewParticipants([eve.id]))
        said = await say(db, bob, id, "rude")
        await report_message(db, eve, id, said.id)
        case = await only_case(db, await make_admin(db), said.id)
        assert case.snapshot is not None
        assert "secret" not in [one.content for one in case.snapshot.around]

    async def test_gathers_in_one_case(self, db: Repo) -> None:
        ann, bob, zoe = await make_actors(db, 3)
        id = await open_between(db, ann, bob, zoe)
        said = await say(db, bob, id)
        await report_message(db, ann, id, said.id, "spam")
        await report_message(db, zoe, id, said.id, "violence")
        case = await only_case(db, await make_admin(db), said.id)
        assert case.report_count == 2
        assert case.score == 4.0
        assert case.priority == "medium"
        assert [one.reporter and one.reporter.id for one in case.reports] == [ann.id, zoe.id]
        assert case.reports[1].snapshot is None  # as the first had it

    async def test_keeps_what_it_says_by_then_too(self, db: Repo) -> None:
        ann, bob, zoe = await make_actors(db, 3)
        id = await open_between(db, ann, bob, zoe)
        said = await say(db, bob, id, "bad")
        await report_message(db, ann, id, said.id)
        await messaging.edit_message(db, bob, id, said.id, MessageEdit("worse"))
        await report_message(db, zoe, id, said.id)
        case = await only_case(db, await make_admin(db), said.id)
        kept = [one.snapshot.item.content if one.snapshot else None for one in case.reports]
        assert kept == ["bad", "worse"]

    async def test_again_is_the_same_report(self, db: Repo) -> None:
        ann, bob = await make_actors(db, 2)
        id = await open_between(db, ann, bob)
        said = await say(db, bob, id)
        first = await report_message(db, ann, id, said.id, "spam")
        assert await report_message(db, ann, id, said.id, "violence") == first
        case = await only_case(db, await make_admin(db), said.id)
        assert (case.report_count, case.score) == (1, 1.0)

    async def test_refuses_what_the_reporter_cannot_see(self, db: Repo) -> None:
        ann, bob, eve = await make_actors(db, 3)
        id = await open_between(db, ann, bob)
        said = await say(db, bob, id)
        with pytest.raises(ConversationNotFound):
            await report_message(db, eve, id, said.id)
        with pytest.raises(MessageNotFound):
            await report_message(db, ann, id, uuid4())
        with pytest.raises(UserNotFound):
            await moderation.report_item(db, ann, NewReport("user", uuid4(), "spam"))

    async def test_refuses_what_is_gone(self, db: Repo) -> None:
        ann, bob = await make_actors(db, 2)
        id = await open_between(db, ann, bob)
        said = await say(db, bob, id)
        await messaging.delete_message(db, bob, id, said.id)
        with pytest.raises(MessageNotFound):
            await report_message(db, ann, id, said.id)

    async def test_refuses_ones_own(self, db: Repo) -> None:
        ann, bob = await make_actors(db, 2)
        id = await open_between(db, ann, bob)
        said = await say(db, ann, id)
        with pytest.raises(Invalid):
            await report_message(db, ann, id, said.id)
        with pytest.raises(Invalid):
            await moderation.report_item(db, ann, NewReport("user", ann.id, "spam"))

    async def test_keeps_a_profile(self, db: Repo) -> None:
        ann, bob = await make_actors(db, 2)
        await accounts.update_account(db, bob, accounts.UpdateAccount(display_name="Rude"))
        await moderation.report_item(db, ann, NewReport("user", bob.id, "hate", "the name"))
        await accounts.update_account(db, bob, accounts.UpdateAccount(display_name="Nice"))
        case = await only_case(db, await make_admin(db), bob.id)
        assert case.snapshot is not None
        assert case.snapshot.item.title == "Rude"
        assert case.reports[0].note == "the name"


class TestListOwnReports:
    async def test_is_the_newest_first_page_by_page(self, db: Repo) -> None:
        ann, bob = await make_actors(db, 2)
        id = await open_between(db, ann, bob)
        said = [await say(db, bob, id, f"{n}") for n in range(3)]
        made = [await report_message(db, ann, id, one.id) for one in said]
        first = await moderation.list_own_reports(db, ann, limit=2)
        rest = await moderation.list_own_reports(db, ann, limit=2, after=first.after)
        assert [*first.items, *rest.items] == made[::-1]
        assert rest.after is None

    async def test_shows_nobody_elses(self, db: Repo) -> None:
        ann, bob = await make_actors(db, 2)
        id = await open_between(db, ann, bob)
        await report_message(db, ann, id, (await say(db, bob, id)).id)
        assert (await moderation.list_own_reports(db, bob)).items == []
        assert (await moderation.list_own_reports(db, await make_actor(db))).items == []

"""Deciding what was reported."""

from datetime import datetime, timedelta, timezone
from uuid import uuid4

import pytest

from cgraph import messaging, moderation, notifications
from cgraph.accounts import Actor
from cgraph.application import SOURCES
from cgraph.moderation import (
    CannotUndo,
    CaseChanged,
    CaseClaimed,
    CaseNotFound,
    DecisionNotFound,
    NewDecision,
    WhichCases,
    WholeCase,
)
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from support.moderating import decide, make_admin, only_case, report_message
from support.talk import make_actors, open_between, say


class Scene:
    """Somebody reported what somebody said, and an administrator looks at it."""

    def __init__(self, ann: Actor, bob: Actor, admin: Actor, case: WholeCase) -> None:
        self.ann, self.bob, self.admin, self.case = ann, bob, admin, case

    @property
    def conversation_id(self) -> object:
        return self.case.container_id


async def make_scene(db: Repo) -> Scene:
    ann, bob = await make_actors(db, 2)
    admin = await make_admin(db)
    id = await open_between(db, ann, bob)
    said = await say(db, bob, id, "rude")
    await report_message(db, ann, id, said.id)
    return Scene(ann, bob, admin, await only_case(db, admin, said.id))


async def subjects(db: Repo, actor: Actor) -> list[tuple[str, object]]:
    """What somebody was told by moderators."""
    page = await notifications.list_notifications(db, SOURCES, actor)
    return [(one.subject_type, one.subject_id) for one in page.items if one.kind == "moderation"]


class TestListCases:
    async def test_shows_strangers_nothing(self, db: Repo) -> None:
        scene = await make_scene(db)
        assert (await moderation.list_cases(db, scene.ann)).items == []
        with pytest.raises(CaseNotFound):
            await moderation.get_case(db, scene.ann, scene.case.id)

    async def test_shows_nobody_a_case_about_themselves(self, db: Repo) -> None:
        ann, bob = await make_admin(db), await make_admin(db)
        id = await open_between(db, ann, bob)
        said = await say(db, bob, id)
        await report_message(db, ann, id, said.id)
        case = await only_case(db, ann, said.id)
        shown = await moderation.list_cases(db, bob, limit=100)
        assert case.id not in [one.id for one in shown.items]
        with pytest.raises(CaseNotFound):
            await moderation.get_case(db, bob, case.id)

    async def test_begins_with_the_most_urgent(self, db: Repo) -> None:
        ann, bob = await make_actors(db, 2)
        admin = await make_admin(db)
        id = await open_between(db, ann, bob)
        said = [await say(db, bob, id, f"{n}") for n in range(3)]
        reasons: list[moderation.Reason] = ["spam", "self_harm", "other"]
        for one, reason in zip(said, reasons, strict=True):
            await report_message(db, ann, id, one.id, reason)
        found, after = [], None
        while True:
            page = await moderation.list_cases(
                db, admin, WhichCases(author_id=bob.id), limit=1, after=after
            )
            found += [one.item_id for one in page.items]
            after = page.after
            if after is None:
                break
        assert found == [said[1].id, said[2].id, said[0].id]

    async def test_is_narrowed(self, db: Repo) -> None:
        scene = await make_scene(db)
        mine = WhichCases(author_id=scene.bob.id)

        async def count(**changes: object) -> int:
            which = WhichCases(author_id=mine.author_id, **changes)  # type: ignore[arg-type]
            return len((await moderation.list_cases(db, scene.admin, which)).items)

        assert await count() == 1
        assert await count(kind="message") == 1
        assert await count(kind="user") == 0
        assert await count(priority="medium") == 0
        assert await count(state="approved") == 0
        assert await count(place_id=uuid4()) == 0


class TestClaimCase:
    async def test_keeps_others_out_until_it_ends(
        self, db: Repo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scene = await make_scene(db)
        other = await make_admin(db)
        claimed = await moderation.claim_case(db, scene.admin, scene.case.id)
        assert claimed.claimed_by is not None
        assert claimed.claimed_by.id == scene.admin.id
        with pytest.raises(CaseClaimed):
            await moderation.claim_case(db, other, scene.case.id)
        reject = NewDecision(claimed.version, "reject")
        with pytest.raises(CaseClaimed):
            await decide(db, other, claimed, reject)
        later = clock.now() + timedelta(hours=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        taken = await moderation.claim_case(db, other, scene.case.id)
        assert taken.claimed_by is not None
        assert taken.claimed_by.id == other.id

    async def test_again_changes_no_version(self, db: Repo) -> None:
        scene = await make_scene(db)
        first = await moderation.claim_case(db, scene.admin, scene.case.id)
        again = await moderation.claim_case(db, scene.admin, scene.case.id)
        assert first.version == again.version == scene.case.version + 1

    async def test_ends_when_given_back(self, db: Repo) -> None:
        scene = await make_scene(db)
        other = await make_admin(db)
        await moderation.claim_case(db, scene.admin, scene.case.id)
        untouched = await moderation.release_case(db, other, scene.case.id)
        assert untouched.claimed_by is not None
        released = await moderation.release_case(db, scene.admin, scene.case.id)
        assert released.claimed_by is None
        await moderation.claim_case(db, other, scene.case.id)


class TestDecideCase:
    async def test_takes_the_message_away_and_tells(self, db: Repo) -> None:
        scene = await make_scene(db)
        new = NewDecision(scene.case.version, "approve", ["remove", "warn"], None, "be kind")
        decided = await decide(db, scene.admin, scene.case, new)
        assert decided.state == "approved"
        assert decided.resolved_by is not None
        assert decided.resolved_by.id == scene.admin.id
        assert decided.snapshot is not None
        assert decided.snapshot.item.content == "rude"
        assert scene.case.container_id is not None
        message = await messaging.get_message(
            db, scene.ann, scene.case.container_id, scene.case.item_id
        )
        assert message.content == ""
        (report,) = (await moderation.list_own_reports(db, scene.ann)).items
        assert report.state == "approved"
        assert await subjects(db, scene.ann) == [("report", report.id)]
        (notice,) = (await moderation.list_notices(db, scene.bob)).items
        assert (notice.measures, notice.note) == (["remove", "warn"], "be kind")
        assert await subjects(db, scene.bob) == [("moderation_decision", notice.id)]

    async def test_leaves_the_author_alone_where_nothing_is_done(self, db: Repo) -> None:
        scene = await make_scene(db)
        await decide(db, scene.admin, scene.case, NewDecision(scene.case.version, "reject"))
        assert await subjects(db, scene.bob) == []
        assert (await moderation.list_notices(db, scene.bob)).items == []
        (report,) = (await moderation.list_own_reports(db, scene.ann)).items
        assert report.state == "rejected"

    async def test_refuses_what_was_changed_meanwhile(self, db: Repo) -> None:
        scene = await make_scene(db)
        reject = NewDecision(scene.case.version, "reject")
        await decide(db, scene.admin, scene.case, reject)
        with pytest.raises(CaseChanged) as refused:
            await decide(db, scene.admin, scene.case, reject)
        assert refused.value.extra["version"] == scene.case.version + 1
        with pytest.raises(CaseChanged):
            await decide(db, scene.admin, scene.case, NewDecision(scene.case.version + 1, "reject"))

    @pytest.mark.parametrize("measure", ["ban", "timeout"])
    async def test_refuses_what_cannot_be_done_there(self, db: Repo, measure: str) -> None:
        scene = await make_scene(db)
        new = NewDecision(scene.case.version, "approve", [measure], None, None)  # type: ignore[list-item]
        with pytest.raises(Invalid):
            await decide(db, scene.admin, scene.case, new)

    async def test_refuses_ends_past_and_far(self, db: Repo) -> None:
        scene = await make_scene(db)
        far = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-14)))
        for until in (clock.now(), far):
            new = NewDecision(scene.case.version, "approve", ["ban"], until)
            with pytest.raises(Invalid) as refused:
                await decide(db, scene.admin, scene.case, new)
            assert list(refused.value.fields or ()) == ["until"]

    def test_takes_measures_only_where_the_reports_are_right(self) -> None:
        with pytest.raises(Invalid):
            NewDecision(1, "reject", ["remove"])

    async def test_again_is_reported_anew(self, db: Repo) -> None:
        scene = await make_scene(db)
        await decide(db, scene.admin, scene.case, NewDecision(scene.case.version, "ignore"))
        assert scene.case.container_id is not None
        await report_message(db, scene.ann, scene.case.container_id, scene.case.item_id)
        again = await only_case(db, scene.admin, scene.case.item_id)
        assert again.id != scene.case.id


class TestForgetEvidence:
    async def test_drops_what_was_decided_long_ago(
        self, db: Repo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scene, still_open = await make_scene(db), await make_scene(db)
        await decide(db, scene.admin, scene.case, NewDecision(scene.case.version, "reject"))
        await moderation.forget_evidence(db, days=30)
        kept = await moderation.get_case(db, scene.admin, scene.case.id)
        assert kept.snapshot is not None
        later = clock.now() + timedelta(days=31)
        monkeypatch.setattr(clock, "now", lambda: later)
        await moderation.forget_evidence(db, days=30)
        gone = await moderation.get_case(db, scene.admin, scene.case.id)
        assert gone.snapshot is None
        pending = await moderation.get_case(db, scene.admin, still_open.case.id)
        assert pending.snapshot is not None


class TestUndoDecision:
    async def test_opens_the_case_again(self, db: Repo) -> None:
        scene = await make_scene(db)
        new = NewDecision(scene.case.version, "approve", ["warn"])
        decided = await decide(db, scene.admin, scene.case, new)
        undone = await moderation.undo_decision(db, scene.admin, decided.decisions[0].id)
        assert undone.state == "pending"
        assert undone.resolved_by is None
        assert undone.decisions[0].undone_by is not None
        (notice,) = (await moderation.list_notices(db, scene.bob)).items
        assert notice.undone
        again = await decide(db, scene.admin, undone, NewDecision(undone.version, "reject"))
        assert [one.decision for one in again.decisions] == ["approved", "rejected"]

    async def test_once(self, db: Repo) -> None:
        scene = await make_scene(db)
        decided = await decide(
            db, scene.admin, scene.case, NewDecision(scene.case.version, "reject")
        )
        await moderation.undo_decision(db, scene.admin, decided.decisions[0].id)
        with pytest.raises(CannotUndo):
            await moderation.undo_decision(db, scene.admin, decided.decisions[0].id)

    async def test_not_once_the_thing_was_reported_again(self, db: Repo) -> None:
        scene = await make_scene(db)
        decided = await decide(
            db, scene.admin, scene.case, NewDecision(scene.case.version, "reject")
        )
        assert scene.case.container_id is not None
        await report_message(db, scene.ann, scene.case.container_id, scene.case.item_id)
        with pytest.raises(CannotUndo):
            await moderation.undo_decision(db, scene.admin, decided.decisions[0].id)

    async def test_is_not_there_for_strangers(self, db: Repo) -> None:
        scene = await make_scene(db)
        decided = await decide(
            db, scene.admin, scene.case, NewDecision(scene.case.version, "reject")
        )
        with pytest.raises(DecisionNotFound):
            await moderation.undo_decision(db, scene.ann, decided.decisions[0].id)
        with pytest.raises(DecisionNotFound):
            await moderation.undo_decision(db, scene.admin, uuid4())

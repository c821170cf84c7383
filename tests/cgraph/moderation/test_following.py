"""Open cases of what moderators carry into another forum, and back."""

from uuid import UUID

import pytest

from cgraph import forums, moderation
from cgraph.accounts import Actor
from cgraph.moderation import NewDecision, NewReport, WhichCases
from cgraph_kit.db import Repo, Transaction
from support import plaza
from support.forum_scene import ForumScene, comment, make_forum_scene
from support.moderating import decide, only_case
from support.talk import make_actor


@pytest.fixture
async def scene(db: Transaction) -> ForumScene:
    return await make_forum_scene(db)


@pytest.fixture
async def other(db: Transaction, scene: ForumScene) -> UUID:
    """Another forum, which the reader moderates."""
    return await plaza.found(db, scene.reader)


async def report(db: Repo, kind: moderation.ItemKind, id: UUID) -> None:
    await moderation.report_item(db, await make_actor(db), NewReport(kind, id, "spam"))


async def decided_by(db: Repo, actor: Actor) -> set[UUID]:
    """The things there are open cases of for somebody."""
    return {case.item_id for case in (await moderation.list_cases(db, actor)).items}


class TestMovePost:
    async def test_brings_cases_to_those_who_moderate_there(
        self, db: Transaction, scene: ForumScene, other: UUID
    ) -> None:
        said = await comment(db, scene.author, scene.post_id)
        stays = await plaza.post(db, scene.author, scene.forum_id)
        await report(db, "post", scene.post_id)
        await report(db, "comment", said)
        await report(db, "post", stays)
        await moderation.move_post(db, scene.junior, scene.post_id, other)
        assert await decided_by(db, scene.reader) == {scene.post_id, said}
        assert await decided_by(db, scene.junior) == {stays}

    async def test_brings_what_was_put_under_the_post_too(
        self, db: Transaction, scene: ForumScene, other: UUID
    ) -> None:
        under = await plaza.post(db, scene.author, scene.forum_id)
        said = await comment(db, scene.author, under)
        await report(db, "comment", said)
        await forums.merge_posts(db, scene.junior, under, scene.post_id)
        await moderation.move_post(db, scene.junior, scene.post_id, other)
        assert await decided_by(db, scene.reader) == {said}

    async def test_frees_what_was_claimed(
        self, db: Transaction, scene: ForumScene, other: UUID
    ) -> None:
        await report(db, "post", scene.post_id)
        case = await only_case(db, scene.junior, scene.post_id)
        await moderation.claim_case(db, scene.junior, case.id)
        await moderation.move_post(db, scene.junior, scene.post_id, other)
        case = await only_case(db, scene.reader, scene.post_id)
        assert case.claimed_by is None
        decided = await decide(db, scene.reader, case, NewDecision(case.version, "ignore"))
        assert decided.state == "ignored"

    async def test_leaves_what_was_decided_to_who_decided_it(
        self, db: Transaction, scene: ForumScene, other: UUID
    ) -> None:
        await report(db, "post", scene.post_id)
        case = await only_case(db, scene.junior, scene.post_id)
        await decide(db, scene.junior, case, NewDecision(case.version, "ignore"))
        await moderation.move_post(db, scene.junior, scene.post_id, other)
        done = WhichCases(state="ignored")
        (still,) = (await moderation.list_cases(db, scene.junior, done)).items
        assert still.place_id == scene.forum_id


class TestUndoForumAct:
    async def test_brings_the_cases_of_a_moved_post_back(
        self, db: Transaction, scene: ForumScene, other: UUID
    ) -> None:
        moved = await moderation.move_post(db, scene.junior, scene.post_id, other)
        await report(db, "post", scene.post_id)
        assert await decided_by(db, scene.reader) == {scene.post_id}
        await moderation.undo_forum_act(db, scene.junior, scene.forum_id, moved.id)
        assert await decided_by(db, scene.reader) == set()
        assert await decided_by(db, scene.junior) == {scene.post_id}

    async def test_of_other_acts_is_as_ever(self, db: Transaction, scene: ForumScene) -> None:
        locked = await forums.lock_post(db, scene.junior, scene.post_id, locked=True)
        await moderation.undo_forum_act(db, scene.junior, scene.forum_id, locked.id)
        with pytest.raises(forums.ActNotFound):
            await moderation.undo_forum_act(db, scene.junior, scene.forum_id, scene.post_id)

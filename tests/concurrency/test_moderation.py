"""Many moderators and reporters at once, with real commits."""

import asyncio

from cgraph import moderation
from cgraph.moderation import CaseChanged, CaseClaimed, NewDecision
from cgraph_kit.db import Database
from cgraph_kit.errors import Conflict
from support.moderating import make_admin, only_case, report_message
from support.talk import make_actors, open_between, say


class TestReporting:
    async def test_makes_one_case(self, database: Database) -> None:
        people = await make_actors(database, 8)
        id = await open_between(database, *people)
        said = await say(database, people[0], id)
        reports = [report_message(database, one, id, said.id) for one in people[1:]]
        await asyncio.gather(*reports)
        case = await only_case(database, await make_admin(database), said.id)
        assert (case.report_count, case.score) == (7, 7.0)
        assert len(case.reports) == 7

    async def test_by_one_person_is_one_report(self, database: Database) -> None:
        ann, bob = await make_actors(database, 2)
        id = await open_between(database, ann, bob)
        said = await say(database, bob, id)
        made = await asyncio.gather(*(report_message(database, ann, id, said.id) for _ in range(6)))
        assert len({one.id for one in made}) == 1
        case = await only_case(database, await make_admin(database), said.id)
        assert case.report_count == 1


class TestDeciding:
    async def test_is_one_moderators(self, database: Database) -> None:
        admins = [await make_admin(database) for _ in range(5)]
        ann, bob = await make_actors(database, 2)
        id = await open_between(database, ann, bob)
        said = await say(database, bob, id)
        await report_message(database, ann, id, said.id)
        case = await only_case(database, admins[0], said.id)
        new = NewDecision(case.version, "approve", ["remove"])
        tries = await asyncio.gather(
            *(moderation.decide_case(database, one, case.id, new, grace=0) for one in admins),
            return_exceptions=True,
        )
        assert sorted(isinstance(one, CaseChanged) for one in tries) == [False] + [True] * 4
        after = await moderation.get_case(database, admins[0], case.id)
        assert len(after.decisions) == 1

    async def test_is_taken_back_once(self, database: Database) -> None:
        admin, (ann, bob) = await make_admin(database), await make_actors(database, 2)
        id = await open_between(database, ann, bob)
        said = await say(database, bob, id)
        await report_message(database, ann, id, said.id)
        case = await only_case(database, admin, said.id)
        new = NewDecision(case.version, "reject")
        decided = await moderation.decide_case(database, admin, case.id, new, grace=0)
        tries = await asyncio.gather(
            *(moderation.undo_decision(database, admin, decided.decisions[0].id) for _ in range(4)),
            return_exceptions=True,
        )
        assert sorted(isinstance(one, Conflict) for one in tries) == [False, True, True, True]


class TestClaiming:
    async def test_is_won_by_one(self, database: Database) -> None:
        admins = [await make_admin(database) for _ in range(5)]
        ann, bob = await make_actors(database, 2)
        id = await open_between(database, ann, bob)
        said = await say(database, bob, id)
        await report_message(database, ann, id, said.id)
        case = await only_case(database, admins[0], said.id)
        tries = await asyncio.gather(
            *(moderation.claim_case(database, one, case.id) for one in admins),
            return_exceptions=True,
        )
        assert sorted(isinstance(one, CaseClaimed) for one in tries) == [False] + [True] * 4

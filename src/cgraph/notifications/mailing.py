"""What a person is told by mail: collected when the mail is about to be sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from cgraph import accounts
from cgraph.accounts import Person
from cgraph.mail import GLOBAL, Collected, Item, Place, enqueue_notifications
from cgraph_kit import clock
from cgraph_kit.db import Database, Transaction

from .holding import hold, next_due, release, take_due
from .outcomes import Outcome, count, settle
from .preference import PushPrivacy
from .rechecking import Decided, Rechecked, recheck
from .words import name_of, what

if TYPE_CHECKING:
    from cgraph.application import App


async def mail_later(tx: Transaction, user_id: UUID, due: datetime | None) -> None:
    """Have what waits for its mail sent when it is due; None: nothing waits."""
    if due is not None:
        seconds = max(0.0, (due - clock.now()).total_seconds())
        await enqueue_notifications(tx, user_id, minutes=seconds / 60)


async def collect(app: "App", user_id: UUID) -> Collected | None:
    """Everything that is due, less what was read meanwhile or is not wanted any more; what is quiet waits on."""
    now = clock.now()
    async with app.db.transaction() as tx:
        waiting = await take_due(tx, user_id, "email", now)
        found = await recheck(tx, app.sources, user_id, waiting, ("email",))
        told = await _sorted_out(tx, found) if found else []
        await mail_later(tx, user_id, await next_due(tx, user_id, "email", now))
        user = await accounts.find_user(tx, user_id)
        if found is None or not told or user is None or user.email is None:
            return None
        people = await accounts.get_people(
            tx, list({one.outcome.actor_id for one in told if one.outcome.actor_id})
        )
    outcomes = [one.outcome for one in told]
    places = _places(told, people, found.person.push_privacy)

    async def mailed() -> None:
        await _mailed(app.db, user_id, outcomes)

    name = uuid5(user_id, " ".join(sorted(str(one.event_id) for one in outcomes)))
    return Collected(user.email, places, str(name), mailed)


async def _sorted_out(tx: Transaction, found: Rechecked) -> list[Decided]:
    """Those to be mailed now. What is not to be is settled, and waits no longer or until later."""
    told = [one for one in found.decided if one.decision.email.action == "deliver"]
    rest = [one for one in found.decided if one.decision.email.action != "deliver"]
    outcomes = [one.outcome for one in rest]
    await settle(tx, outcomes)
    count(outcomes)
    await release(tx, found.person.user_id, "email", [one.event_id for one in outcomes])
    await hold(tx, Rechecked(found.person, rest), ["email"])
    return told


async def _mailed(db: Database, user_id: UUID, outcomes: Sequence[Outcome]) -> None:
    """They are told: noted, and waiting no longer."""
    async with db.transaction() as tx:
        await settle(tx, outcomes)
        await release(tx, user_id, "email", [one.event_id for one in outcomes])


def _places(
    told: Sequence[Decided], people: dict[UUID, Person], privacy: PushPrivacy
) -> list[Place]:
    found: dict[UUID, list[Decided]] = {}
    for one in told:
        found.setdefault(one.outcome.scope_id or one.outcome.user_id, []).append(one)
    return [
        Place(
            kind=some[0].outcome.scope or GLOBAL,
            id=id,
            items=[_item(one, people, privacy) for one in some],
            title=some[-1].look.title,
        )
        for id, some in found.items()
    ]


def _item(one: Decided, people: dict[UUID, Person], privacy: PushPrivacy) -> Item:
    outcome, actor_id = one.outcome, one.outcome.actor_id
    return Item(
        who=name_of(people.get(actor_id) if actor_id else None),
        what=what(outcome.kind),
        at=outcome.happened_at,
        text=None if privacy == "nothing" else one.look.text,
    )

"""What a person is told by mail: collected when the mail is about to be sent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from cgraph import accounts
from cgraph.accounts import Person
from cgraph.mail import GLOBAL, Collected, Item, Place, enqueue_notifications
from cgraph_kit import clock
from cgraph_kit.db import Database, Transaction

from .holding import AT_ONCE, claim, hold, next_due, release, take_due
from .kinds import KINDS
from .outcomes import Outcome, count, settle
from .pace import may_mail_at, note_mail
from .preference import PushPrivacy
from .rechecking import Decided, Rechecked, recheck
from .words import name_of, what

if TYPE_CHECKING:
    from cgraph.application import App


LEASE = timedelta(minutes=10)
"""What is being mailed is collected by nobody else for so long; longer than any try takes."""


async def mail_later(tx: Transaction, user_id: UUID, due: datetime | None) -> None:
    """Have what waits for its mail sent when it is due; None: nothing waits."""
    if due is not None:
        seconds = max(0.0, (due - clock.now()).total_seconds())
        await enqueue_notifications(tx, user_id, minutes=seconds / 60)


async def collect(app: "App", user_id: UUID) -> Collected | None:
    """Everything that is due, less what was read meanwhile or is not wanted any more; what is quiet waits on.

    What is collected is kept from other runs until it is `mailed` or has `failed`, at most for `LEASE`. Somebody who
    does not come back is mailed once a day: everything waits until then.
    """
    now = clock.now()
    async with app.db.transaction() as tx:
        waiting = await take_due(tx, user_id, "email", now)
        if at := await _resting_until(tx, app, user_id, waiting):
            await mail_later(tx, user_id, at)
            return None
        found = await recheck(tx, app.sources, user_id, waiting, ("email",))
        told = await _sorted_out(tx, found) if found else []
        more = len(waiting) == AT_ONCE
        await mail_later(tx, user_id, now if more else await next_due(tx, user_id, "email", now))
        await claim(tx, user_id, "email", [one.outcome.event_id for one in told], now + LEASE)
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

    async def failed() -> None:
        await claim(app.db, user_id, "email", [one.event_id for one in outcomes], clock.now())

    name = uuid5(user_id, " ".join(sorted(str(one.event_id) for one in outcomes)))
    return Collected(user.email, places, str(name), mailed, failed)


async def _resting_until(
    tx: Transaction, app: "App", user_id: UUID, waiting: Sequence[Outcome]
) -> datetime | None:
    """When somebody who does not come back is to be mailed of this; None: now, as of what cannot be switched off."""
    if not waiting or any("email" in KINDS[one.kind].always for one in waiting):
        return None
    at = await may_mail_at(tx, user_id, patience=app.settings.mail_patience)
    return at if at is not None and at > clock.now() else None


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
        await note_mail(tx, user_id)


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

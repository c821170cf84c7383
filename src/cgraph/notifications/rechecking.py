"""Outcomes looked at anew: what is to be done about them, with what is known now."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from cgraph import accounts
from cgraph_kit import clock
from cgraph_kit.db import Repo

from .facts import Decision, Facts
from .kinds import CHANNELS, Channel
from .outcomes import Outcome, kept, kept_facts
from .recipients import Recipient, get_recipients
from .resolve import resolve
from .sources import Look, Sources, Wanted


class Decided(NamedTuple):
    """An outcome, looked at anew."""

    outcome: Outcome
    """As it is now."""
    decision: Decision
    look: Look

    def noted(self, channel: Channel, **facts: object) -> "Decided":
        """With what became of it by one way."""
        channels = self.outcome.channels
        told = {**channels, channel: {**channels[channel], **facts}}
        return self._replace(outcome=replace(self.outcome, channels=told))


class Rechecked(NamedTuple):
    """What there is to do for a person."""

    person: Recipient
    decided: list[Decided]


async def recheck(
    db: Repo,
    sources: Sources,
    user_id: UUID,
    outcomes: Sequence[Outcome],
    ways: Sequence[Channel],
) -> Rechecked | None:
    """What is to be done about these outcomes of a person now, by these ways; None: there is no such person any more.

    Nothing is written. What was decided for other ways stays as it was.
    """
    now = clock.now()
    looks = await look_at(db, sources, outcomes)
    around = [look.places or one.places for one, look in zip(outcomes, looks, strict=True)]
    places = list({place for some in around for place in some})
    actors = {one.actor_id for one in outcomes if one.actor_id}
    people = await get_recipients(db, [user_id], places, actor_ids=actors)
    if (person := people.get(user_id)) is None:
        return None
    active = not person.idle and bool(await accounts.list_online_ids(db, [user_id]))
    read = await _read_entries(db, user_id, outcomes)
    decided = []
    for one, look, some in zip(outcomes, looks, around, strict=True):
        facts = person.at(some).facts(
            one.kind,
            now,
            actor_id=one.actor_id,
            gone=look.gone,
            may_see=look.may_see,
            read=look.read or one.event_id in read,
            active=active,
            urgent=bool(one.facts.get("urgent")),
        )
        decided.append(_anew(one, facts, look, ways))
    return Rechecked(person, decided)


def _anew(one: Outcome, facts: Facts, look: Look, ways: Sequence[Channel]) -> Decided:
    anew = resolve(facts)
    verdicts = {way: anew.of(way) if way in ways else one.verdict(way) for way in CHANNELS}
    decision = Decision(**verdicts)
    state, rule = decision.outcome()
    after = replace(
        one,
        state=state,
        rule=rule,
        channels=one.channels | {way: kept(verdicts[way]) for way in ways},
        facts=kept_facts(facts),
        decided_at=facts.now,
    )
    return Decided(after, decision, look)


async def look_at(db: Repo, sources: Sources, outcomes: Sequence[Outcome]) -> list[Look]:
    """What these are about, as it is now."""
    return await sources.look(
        db,
        [
            (one.scope, Wanted(one.user_id, one.scope_id or one.user_id, one.object_id, one.seq))
            for one in outcomes
        ],
    )


async def _read_entries(db: Repo, user_id: UUID, outcomes: Sequence[Outcome]) -> set[UUID]:
    """The events whose entry in the inbox was read, or removed, or has begun anew since."""
    listed = [one for one in outcomes if one.notification_id]
    if not listed:
        return set()
    ids = {one.notification_id for one in listed}
    rows = await db.all(_Entry, _ENTRIES, user_id, list(ids))
    unread_since = {row.id: row.first_event_at for row in rows if not row.read}
    return {
        one.event_id
        for one in listed
        if one.notification_id not in unread_since
        or one.happened_at < unread_since[one.notification_id]
    }


class _Entry(msgspec.Struct, frozen=True):
    id: UUID
    first_event_at: datetime
    read: bool


_ENTRIES = """
SELECT id, first_event_at, read_at IS NOT NULL FROM notifications WHERE user_id = $1 AND id = ANY($2)
"""

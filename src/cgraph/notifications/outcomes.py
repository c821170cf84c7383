"""What was decided about one event for one person, and why: the rows of `notification_outcomes`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec

from cgraph_kit import clock, telemetry
from cgraph_kit.db import Repo, Transaction, columns

from .facts import Decision, Facts, Verdict
from .kinds import CHANNELS, Channel, Kind
from .occasion import Occasion
from .rules import RULES
from .scopes import Scope, ScopeKind

AnyState = Literal["pending", "sent", "held", "suppressed"]


class Outcome(msgspec.Struct, frozen=True):
    """A row."""

    user_id: UUID
    event_id: UUID
    happened_at: datetime
    kind: Kind
    state: AnyState
    rule: str
    notification_id: UUID | None
    actor_id: UUID | None
    scope: ScopeKind | None
    scope_id: UUID | None
    seq: int | None
    object_id: UUID | None
    channels: dict[str, Any]
    facts: dict[str, Any]
    decided_at: datetime

    @property
    def places(self) -> list[Scope]:
        """Where it happened."""
        return [Scope(self.scope, self.scope_id)] if self.scope and self.scope_id else []

    def verdict(self, channel: Channel) -> Verdict:
        """What was decided for one way."""
        return loaded(self.channels[channel])

    def decision(self) -> Decision:
        """What was decided for every way."""
        return Decision(*(self.verdict(channel) for channel in CHANNELS))


OUTCOME = columns(Outcome)


class Deciding(NamedTuple):
    """A decision about an occasion, to be kept."""

    occasion: Occasion
    facts: Facts
    decision: Decision
    notification_id: UUID | None

    @property
    def listed(self) -> bool:
        """Whether it comes into the inbox."""
        return self.decision.in_app.action == "deliver"

    @property
    def muted(self) -> bool:
        """Whether it only counts there."""
        return self.decision.in_app.rule == "muted_counted"

    @property
    def pending(self) -> bool:
        """Whether push or mail might go out: that is decided a little later."""
        ways = (self.decision.push, self.decision.email)
        return any(verdict.action != "suppress" for verdict in ways)

    def outcome(self) -> Outcome:
        """The row."""
        one = self.occasion
        state, rule = self.decision.outcome()
        return Outcome(
            one.user_id,
            one.event_id,
            one.happened_at,
            one.kind,
            "pending" if self.pending else state,
            rule,
            self.notification_id,
            one.actor_id,
            one.place.kind if one.place else None,
            one.place.id if one.place else None,
            one.seq,
            one.object_id,
            kept_decision(self.decision),
            kept_facts(self.facts),
            clock.now(),
        )


_TEXTS = {rule.id: rule.text for rule in RULES}
_DEFAULTS: Mapping[str, Any] = msgspec.to_builtins(Facts(kind="dm", now=clock.now()))


def kept_decision(decision: Decision) -> dict[str, Any]:
    """By way; what rules say can be looked up."""
    return {channel: kept(decision.of(channel)) for channel in CHANNELS}


def kept(verdict: Verdict) -> dict[str, Any]:
    """A verdict as it is kept."""
    built = msgspec.to_builtins(verdict)
    return {name: value for name, value in built.items() if value is not None and name != "text"}


def text_of(rule: str) -> str:
    """What a rule says; nothing if it is no more."""
    return _TEXTS.get(rule, "")


def loaded(stored: Mapping[str, Any]) -> Verdict:
    """The same as it was; what became of it besides is left out."""
    return msgspec.convert({"text": text_of(stored["rule"])} | dict(stored), Verdict)


def kept_facts(facts: Facts) -> dict[str, Any]:
    """Those that speak, of the scopes those at which something is set."""
    built: dict[str, Any] = msgspec.to_builtins(facts)
    scopes = [
        {name: value for name, value in scope.items() if value is not None}
        for scope in built.pop("scopes")
    ]
    told = {name: value for name, value in built.items() if value != _DEFAULTS.get(name)}
    if not facts.quiet.enabled:
        told.pop("quiet", None)
    return {**told, "scopes": [scope for scope in scopes if len(scope) > 1]}


_COUNT = telemetry.counter(
    "notification_outcomes_total",
    "Decisions about one event for one person, by what came of it.",
    ("kind", "state", "rule"),
)


def count(outcomes: Iterable[Outcome]) -> None:
    """Count decisions that are final."""
    for one in outcomes:
        _COUNT.labels(one.kind, one.state, one.rule).inc()


async def keep(tx: Transaction, outcomes: Sequence[Outcome]) -> set[tuple[UUID, UUID]]:
    """Write these; person and event of those that were not there before."""
    if not outcomes:
        return set()
    rows = await tx.all(_Key, _KEEP, [msgspec.to_builtins(one) for one in outcomes])
    return {(row.user_id, row.event_id) for row in rows}


async def settle(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
    """Write what has become of outcomes that are there: state, rule, channels, facts and when."""
    if outcomes:
        await tx.value(_SETTLE, [msgspec.to_builtins(one) for one in outcomes])


async def find_outcomes(
    db: Repo, user_id: UUID, event_ids: Sequence[UUID], since: datetime
) -> list[Outcome]:
    """The outcomes of these events for a person; `since`: none of them is older."""
    return await db.all(Outcome, _FIND, user_id, list(event_ids), since)


async def list_told(db: Repo, object_ids: Sequence[UUID], kind: Kind) -> list[tuple[UUID, UUID]]:
    """Which people were told of these objects as something of a kind: object and person."""
    if not object_ids:
        return []
    rows = await db.all(_Told, _TOLD, list(object_ids), kind)
    return [(row.object_id, row.user_id) for row in rows]


class _Told(msgspec.Struct, frozen=True):
    object_id: UUID
    user_id: UUID


class _Key(msgspec.Struct, frozen=True):
    user_id: UUID
    event_id: UUID


_GIVEN = "jsonb_populate_recordset(NULL::notification_outcomes, $1)"
_KEEP = f"""
INSERT INTO notification_outcomes ({OUTCOME}) SELECT {OUTCOME} FROM {_GIVEN}
ON CONFLICT DO NOTHING RETURNING user_id, event_id
"""
_SETTLE = f"""
UPDATE notification_outcomes o SET
    state = g.state, rule = g.rule, channels = g.channels, facts = g.facts, decided_at = g.decided_at
FROM {_GIVEN} g
WHERE o.user_id = g.user_id AND o.happened_at = g.happened_at AND o.event_id = g.event_id
"""
_TOLD = """
SELECT object_id, user_id FROM notification_outcomes WHERE object_id = ANY($1) AND kind = $2
"""
_FIND = f"""
SELECT {OUTCOME} FROM notification_outcomes
WHERE user_id = $1 AND event_id = ANY($2) AND happened_at >= $3 ORDER BY happened_at, event_id
"""

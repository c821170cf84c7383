"""The one decision, as a table: facts, and what each channel is to do by which rule."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, get_args
from uuid import UUID

import msgspec
import pytest

from cgraph.notifications import (
    CHANNELS,
    DEFAULT_LEVELS,
    KINDS,
    RULES,
    Channel,
    Decision,
    Explicit,
    Facts,
    Kind,
    Level,
    QuietHours,
    Scope,
    ScopeKind,
    Window,
    resolve,
)

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
"""A Wednesday."""
LATER, BEFORE = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
NOON = QuietHours(True, "UTC", [Window(3, "11:00", "13:00")])
IDS: dict[ScopeKind, UUID] = {kind: UUID(int=n) for n, kind in enumerate(get_args(ScopeKind), 1)}
AROUND: dict[ScopeKind, list[ScopeKind]] = {
    "global": ["global"],
    "conversation": ["conversation", "global"],
    "channel": ["channel", "group", "global"],
    "thread": ["thread", "channel", "group", "global"],
    "post": ["post", "forum", "global"],
}


def place(kind: ScopeKind = "conversation", **set: dict[str, Any]) -> list[Explicit]:
    """The scopes that hold at a place, with what is set at some of them."""
    return [Explicit(Scope(one, IDS[one]), **set.get(one, {})) for one in AROUND[kind]]


class Row(NamedTuple):
    """Expectations are "action rule", for push, mail and inbox; one for all three."""

    kind: Kind
    facts: dict[str, Any]
    push: str
    email: str = ""
    in_app: str = ""


def row(
    kind: Kind,
    facts: dict[str, Any],
    push: str,
    email: str | None = None,
    in_app: str | None = None,
) -> Row:
    return Row(kind, facts, push, email or push, in_app or push)


SENT = "deliver default"
NEVER = "suppress kind_channels"
MUTED = "suppress muted"
COUNTED = "deliver muted_counted"
LEVEL = "suppress level"
OFF = "suppress channel_off"
HELD = "hold quiet_hours"

IN_A_CONVERSATION: list[Row] = [
    # Nothing set: what is said reaches everybody, and the list of conversations stands for the inbox.
    row("dm", {}, SENT),
    row("message", {}, SENT, NEVER, NEVER),
    row("mention", {}, SENT),
    row("everyone", {}, SENT),
    row("reply", {}, SENT),
    row("quote", {}, SENT),
    row("reaction", {}, NEVER, NEVER, SENT),
    row("vote_milestone", {}, NEVER, NEVER, SENT),
]

NOBODY_TOLD: list[Row] = [
    row("mention", {"own": True}, "suppress own_event"),
    row("mention", {"inactive": True}, "suppress account_inactive"),
    row("mention", {"gone": True}, "suppress gone"),
    row("mention", {"may_see": False}, "suppress no_access"),
    row("mention", {"blocked": True}, "suppress blocked"),
    row("mention", {"read": True}, "suppress already_read"),
    row("security", {"inactive": True}, "suppress account_inactive"),
    row("security", {"read": True}, "suppress already_read"),
    # The first reason is the one that is named.
    row("mention", {"own": True, "blocked": True, "read": True}, "suppress own_event"),
    row("mention", {"gone": True, "may_see": False}, "suppress gone"),
    row("mention", {"blocked": True, "urgent": True, "excepted": True}, "suppress blocked"),
]

WAYS: list[Row] = [
    row("mention", {"has_device": False}, "suppress no_device", SENT, SENT),
    row("mention", {"has_address": False}, SENT, "suppress no_address", SENT),
    row(
        "security", {"has_device": False}, "suppress no_device", "deliver always", "deliver always"
    ),
    row(
        "security",
        {"has_address": False},
        "deliver always",
        "suppress no_address",
        "deliver always",
    ),
    row("message", {"has_device": False}, "suppress no_device", NEVER, NEVER),
    row("reminder", {}, SENT, NEVER, SENT),
]

ALWAYS: list[Row] = [
    row("security", {}, "deliver always"),
    row("security", {"quiet": NOON}, "deliver always"),
    row("security", {"do_not_disturb": True, "active": True}, "deliver always"),
    row("security", {"scopes": place("global", **{"global": {"muted": True}})}, "deliver always"),
    row("security", {"scopes": place("global", **{"global": {"level": "none"}})}, "deliver always"),
    row("moderation", {}, SENT, SENT, "deliver always"),
    row(
        "moderation",
        {"scopes": place("global", **{"global": {"in_app": False, "email": False}})},
        SENT,
        OFF,
        "deliver always",
    ),
    row("moderation", {"quiet": NOON}, HELD, HELD, "deliver always"),
    row(
        "system",
        {"scopes": place("global", **{"global": {"level": "none"}})},
        LEVEL,
        LEVEL,
        "deliver always",
    ),
    row(
        "system",
        {"scopes": place("global", **{"global": {"muted": True}})},
        MUTED,
        MUTED,
        "deliver always",
    ),
]


def at_level(kind: Kind, level: Level, push: str, email: str = "", in_app: str = "") -> Row:
    return row(kind, {"scopes": place(conversation={"level": level})}, push, email, in_app)


LEVELS: list[Row] = [
    at_level("message", "all", SENT, NEVER, NEVER),
    at_level("message", "replies", LEVEL, NEVER, NEVER),
    at_level("message", "mentions", LEVEL, NEVER, NEVER),
    at_level("message", "none", LEVEL, NEVER, NEVER),
    at_level("reply", "all", SENT),
    at_level("reply", "replies", SENT),
    at_level("reply", "mentions", LEVEL),
    at_level("reply", "none", LEVEL),
    at_level("mention", "all", SENT),
    at_level("mention", "replies", SENT),
    at_level("mention", "mentions", SENT),
    at_level("mention", "none", LEVEL),
    at_level("role_mention", "mentions", SENT),
    at_level("everyone", "mentions", SENT),
    at_level("everyone", "none", LEVEL),
    at_level("dm", "mentions", SENT),
    at_level("dm", "none", LEVEL),
    at_level("followed_post", "all", SENT),
    at_level("followed_post", "replies", LEVEL),
    at_level("reaction", "replies", NEVER, NEVER, SENT),
    at_level("reaction", "mentions", NEVER, NEVER, LEVEL),
    row("friend_request", {"scopes": place("global", **{"global": {"level": "mentions"}})}, SENT),
    row("friend_request", {"scopes": place("global", **{"global": {"level": "none"}})}, LEVEL),
]

NEAREST: list[Row] = [
    # Places nobody has set anything for have levels of their own.
    row("message", {"scopes": place("channel")}, LEVEL, NEVER, NEVER),
    row("mention", {"scopes": place("channel")}, SENT),
    row("reply", {"scopes": place("channel")}, SENT),
    row("thread_reply", {"scopes": place("thread")}, SENT),
    row("post_reply", {"scopes": place("post")}, SENT),
    row("followed_post", {"scopes": place("post")}, LEVEL),
    # Of two values the nearer one counts, in both directions.
    row("message", {"scopes": place("channel", group={"level": "all"})}, SENT, NEVER, NEVER),
    row(
        "message", {"scopes": place("channel", **{"global": {"level": "all"}})}, SENT, NEVER, NEVER
    ),
    row(
        "message",
        {"scopes": place("channel", channel={"level": "mentions"}, group={"level": "all"})},
        LEVEL,
        NEVER,
        NEVER,
    ),
    row(
        "mention",
        {"scopes": place("channel", channel={"level": "mentions"}, group={"level": "none"})},
        SENT,
    ),
    # A thread that is followed is heard although its channel is for mentions only.
    row(
        "message",
        {"scopes": place("thread", thread={"level": "all"}, channel={"level": "mentions"})},
        SENT,
        NEVER,
        NEVER,
    ),
    row(
        "followed_post",
        {"scopes": place("post", post={"level": "all"}, forum={"level": "none"})},
        SENT,
    ),
    row("mention", {"scopes": place(**{"global": {"level": "none"}})}, LEVEL),
    row(
        "mention",
        {"scopes": place(conversation={"level": "mentions"}, **{"global": {"level": "none"}})},
        SENT,
    ),
    # Each setting for itself: a level here takes nothing from a switch further out.
    row(
        "mention",
        {"scopes": place(conversation={"level": "all"}, **{"global": {"push": False}})},
        OFF,
        SENT,
        SENT,
    ),
    row(
        "mention",
        {"scopes": place(conversation={"push": True}, **{"global": {"push": False}})},
        SENT,
    ),
    row("mention", {"scopes": place(conversation={"email": False})}, SENT, OFF, SENT),
    row("mention", {"scopes": place(conversation={"in_app": False})}, SENT, SENT, OFF),
    # A switch that is on makes no way for kinds that have none.
    row("reaction", {"scopes": place(conversation={"push": True})}, NEVER, NEVER, SENT),
    row(
        "everyone",
        {"scopes": place(conversation={"ignore_everyone": True})},
        "suppress everyone_ignored",
    ),
    row("mention", {"scopes": place(conversation={"ignore_everyone": True})}, SENT),
    row(
        "everyone",
        {
            "scopes": place(
                "channel", channel={"ignore_everyone": False}, group={"ignore_everyone": True}
            )
        },
        SENT,
    ),
]

MUTES: list[Row] = [
    row("dm", {"scopes": place(conversation={"muted": True})}, MUTED),
    row("message", {"scopes": place(conversation={"muted": True})}, MUTED, NEVER, NEVER),
    row("mention", {"scopes": place(conversation={"muted": True})}, MUTED, MUTED, COUNTED),
    row("reply", {"scopes": place(conversation={"muted": True})}, MUTED, MUTED, COUNTED),
    row("reaction", {"scopes": place(conversation={"muted": True})}, NEVER, NEVER, COUNTED),
    row(
        "mention",
        {"scopes": place(conversation={"muted": True, "muted_until": LATER})},
        MUTED,
        MUTED,
        COUNTED,
    ),
    # A mute ends by itself, to the instant.
    row("mention", {"scopes": place(conversation={"muted": True, "muted_until": BEFORE})}, SENT),
    row("mention", {"scopes": place(conversation={"muted": True, "muted_until": NOW})}, SENT),
    # Told otherwise, it does not count either.
    row("mention", {"scopes": place(conversation={"muted": True, "level": "none"})}, LEVEL),
    row(
        "mention",
        {"scopes": place(conversation={"muted": True, "in_app": False})},
        MUTED,
        MUTED,
        OFF,
    ),
    # What is around is muted too, unless it says that it is not.
    row("mention", {"scopes": place("channel", group={"muted": True})}, MUTED, MUTED, COUNTED),
    row(
        "mention",
        {"scopes": place("channel", channel={"muted": False}, group={"muted": True})},
        SENT,
    ),
    row(
        "mention",
        {
            "scopes": place(
                "channel", channel={"muted": True, "muted_until": BEFORE}, group={"muted": True}
            )
        },
        MUTED,
        MUTED,
        COUNTED,
    ),
    row(
        "dm",
        {"scopes": place(**{"global": {"muted": True, "muted_until": LATER}})},
        MUTED,
    ),
    row(
        "friend_request",
        {"scopes": place("global", **{"global": {"muted": True}})},
        MUTED,
        MUTED,
        COUNTED,
    ),
    row(
        "mention",
        {"scopes": place(conversation={"muted": True}), "urgent": True},
        MUTED,
        MUTED,
        COUNTED,
    ),
]

THE_HOUR: list[Row] = [
    row("mention", {"active": True}, "suppress active", None, SENT),
    row("mention", {"do_not_disturb": True}, "suppress do_not_disturb", SENT, SENT),
    row("mention", {"do_not_disturb": True, "excepted": True}, SENT),
    row("mention", {"do_not_disturb": True, "urgent": True}, SENT),
    row("mention", {"quiet": NOON}, HELD, HELD, SENT),
    row("dm", {"quiet": NOON}, HELD, HELD, SENT),
    row("message", {"quiet": NOON}, HELD, NEVER, NEVER),
    row("mention", {"quiet": NOON, "excepted": True}, SENT),
    row("mention", {"quiet": NOON, "urgent": True}, SENT),
    row("mention", {"quiet": NOON, "now": NOW + timedelta(hours=1)}, SENT),
    row("mention", {"quiet": NOON, "now": NOW - timedelta(hours=1, seconds=1)}, SENT),
    row("mention", {"quiet": NOON, "now": NOW + timedelta(days=1)}, SENT),
    row("mention", {"quiet": NOON, "active": True}, "suppress active", None, SENT),
    row("mention", {"quiet": NOON, "do_not_disturb": True}, "suppress do_not_disturb", HELD, SENT),
    # What is not wanted is not held either.
    row(
        "mention",
        {"quiet": NOON, "scopes": place(conversation={"muted": True})},
        MUTED,
        MUTED,
        COUNTED,
    ),
    row("reply", {"quiet": NOON, "scopes": place(conversation={"level": "mentions"})}, LEVEL),
    row(
        "mention", {"quiet": NOON, "scopes": place(conversation={"email": False})}, HELD, OFF, SENT
    ),
]

TABLE = [
    *IN_A_CONVERSATION,
    *NOBODY_TOLD,
    *WAYS,
    *ALWAYS,
    *LEVELS,
    *NEAREST,
    *MUTES,
    *THE_HOUR,
]


def decide(kind: Kind, **facts: Any) -> Decision:
    return resolve(Facts(**{"kind": kind, "now": NOW, "scopes": place(), **facts}))


class TestResolve:
    def test_has_a_table_worth_the_name(self) -> None:
        assert len(TABLE) >= 80

    @pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.kind}-{row.push}-{row.in_app}")
    def test_decides(self, row: Row) -> None:
        decision = decide(row.kind, **row.facts)
        found = {way: f"{decision.of(way).action} {decision.of(way).rule}" for way in CHANNELS}
        assert found == {"push": row.push, "email": row.email, "in_app": row.in_app}

    def test_holds_until_the_quiet_ends(self) -> None:
        assert decide("mention", quiet=NOON).push.until == LATER

    def test_says_whose_value_it_was(self) -> None:
        scopes = place("thread", channel={"level": "none"}, group={"muted": True})
        decision = decide("mention", scopes=scopes)
        assert decision.push.scope == Scope("channel", IDS["channel"])
        scopes = place(
            "thread", thread={"level": "all"}, group={"muted": True, "muted_until": LATER}
        )
        muted = decide("mention", scopes=scopes).push
        assert (muted.scope, muted.until) == (Scope("group", IDS["group"]), LATER)
        off = decide("mention", scopes=place(**{"global": {"email": False}})).email
        assert off.scope == Scope("global", IDS["global"])

    def test_names_no_scope_where_nothing_is_set(self) -> None:
        assert decide("mention").push.scope is None
        level = decide("mention", scopes=place(conversation={"level": "all"})).push
        assert level.scope == Scope("conversation", IDS["conversation"])

    def test_is_pure(self) -> None:
        facts = Facts(kind="mention", now=NOW, scopes=place(), quiet=NOON)
        assert resolve(facts) == resolve(msgspec.structs.replace(facts))

    @pytest.mark.parametrize("kind", get_args(Kind))
    def test_reaches_nobody_who_may_not_see_it(self, kind: Kind) -> None:
        decision = decide(kind, may_see=False, urgent=True, excepted=True)
        assert {decision.of(way).rule for way in CHANNELS} == {"no_access"}

    @pytest.mark.parametrize("kind", get_args(Kind))
    def test_goes_only_the_ways_of_its_kind(self, kind: Kind) -> None:
        scopes = place(conversation={"level": "all", "in_app": True, "push": True, "email": True})
        decision = decide(kind, scopes=scopes)
        delivered = {way for way in CHANNELS if decision.of(way).action == "deliver"}
        assert delivered == KINDS[kind].channels


class TestOutcome:
    @pytest.mark.parametrize(
        ("kind", "facts", "outcome"),
        [
            ("mention", {}, ("sent", "default")),
            ("mention", {"quiet": NOON}, ("held", "quiet_hours")),
            ("mention", {"quiet": NOON, "do_not_disturb": True}, ("held", "quiet_hours")),
            ("mention", {"do_not_disturb": True}, ("sent", "default")),
            ("mention", {"has_device": False, "has_address": False}, ("suppressed", "no_device")),
            ("reaction", {}, ("sent", "default")),
            ("reminder", {"has_device": False}, ("suppressed", "no_device")),
            ("message", {"quiet": NOON}, ("held", "quiet_hours")),
            ("mention", {"own": True}, ("suppressed", "own_event")),
            ("message", {"active": True}, ("suppressed", "active")),
            (
                "reaction",
                {"scopes": place(conversation={"level": "none"})},
                ("suppressed", "level"),
            ),
            ("mention", {"scopes": place(conversation={"muted": True})}, ("suppressed", "muted")),
            ("security", {"has_device": False}, ("sent", "always")),
        ],
    )
    def test_is_one_word_and_one_rule(
        self, kind: Kind, facts: dict[str, Any], outcome: tuple[str, str]
    ) -> None:
        assert decide(kind, **facts).outcome() == outcome


class TestRules:
    def test_have_ids_of_their_own(self) -> None:
        ids = [rule.id for rule in RULES]
        assert len(set(ids)) == len(ids)

    def test_are_all_in_the_table(self) -> None:
        used = {word.split()[1] for row in TABLE for word in (row.push, row.email, row.in_app)}
        assert used == {rule.id for rule in RULES}

    def test_end_with_one_that_applies_to_everything(self) -> None:
        assert RULES[-1].channels == CHANNELS
        assert RULES[-1].applies(Facts(kind="dm", now=NOW), "push")

    def test_know_every_kind_and_scope(self) -> None:
        assert set(KINDS) == set(get_args(Kind))
        assert set(DEFAULT_LEVELS) == set(get_args(ScopeKind))
        assert set(CHANNELS) == set(get_args(Channel))

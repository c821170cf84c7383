"""What one wants to be told of, and how: everywhere, and in single places."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from cgraph import groups, messaging, notifications
from cgraph.accounts import Actor
from cgraph.application import App
from cgraph.notifications import (
    Explained,
    GlobalPreference,
    GlobalPreferenceChange,
    Instant,
    Kind,
    PlaceKind,
    Preference,
    PreferenceChange,
    Scope,
    ScopeKind,
)
from cgraph_kit import clock
from cgraph_kit.db import Repo
from cgraph_kit.errors import Invalid
from cgraph_kit.paging import Limit
from cgraph_kit.validation import Input, Text
from cgraph_web.action import Body, Query, action
from cgraph_web.views.base import Data, Many, many

FORESIGHT = timedelta(days=366)


class _Place(NamedTuple):
    """How the context that a kind of place belongs to answers for it; each raises its own error for strangers."""

    scopes: Callable[[App, Repo, Actor, UUID], Awaitable[Sequence[Scope]]]
    show: Callable[[Repo, Actor, UUID], Awaitable[Preference]]
    change: Callable[[Repo, Actor, UUID, PreferenceChange], Awaitable[Preference]]


def _of_groups(
    scopes: Callable[..., Awaitable[Sequence[Scope]]],
) -> Callable[[App, Repo, Actor, UUID], Awaitable[Sequence[Scope]]]:
    return lambda app, db, actor, place_id: scopes(db, actor, place_id, limits=app.limits.groups)


_PLACES: dict[ScopeKind, _Place] = {
    "channel": _Place(
        _of_groups(groups.get_channel_scopes),
        groups.get_channel_preference,
        groups.change_channel_preference,
    ),
    "thread": _Place(
        _of_groups(groups.get_thread_scopes),
        groups.get_thread_preference,
        groups.change_thread_preference,
    ),
    "group": _Place(
        _of_groups(groups.get_group_scopes),
        groups.get_group_preference,
        groups.change_group_preference,
    ),
    "conversation": _Place(
        lambda _, db, actor, place_id: messaging.get_notification_places(db, actor, place_id),
        messaging.get_notification_preference,
        messaging.change_notification_preference,
    ),
}
ERRORS = (
    notifications.ScopeNotFound,
    messaging.ConversationNotFound,
    groups.GroupNotFound,
    groups.ChannelNotFound,
    groups.ThreadNotFound,
)


def _place(scope: ScopeKind) -> _Place:
    if scope not in _PLACES:
        raise notifications.ScopeNotFound
    return _PLACES[scope]


class ListPlaces(Input, frozen=True):
    """Which page."""

    limit: Limit = 50
    after: Text | None = None


class WhatIf(Input, frozen=True):
    """An event to decide."""

    kind: Kind
    scope: ScopeKind = "global"
    scope_id: UUID | None = None
    """Which place; none for `global`."""
    sender_id: UUID | None = None
    """Who would cause it: blocks and exceptions from quiet hours count."""
    at: Instant | None = None
    """When, within a year; now, if left out."""

    def __post_init__(self) -> None:
        if (self.scope == "global") != (self.scope_id is None):
            reason = "is required" if self.scope_id is None else "is for single places"
            raise Invalid.field("scope_id", reason)
        if self.at is not None and abs(self.at - clock.now()) > FORESIGHT:
            raise Invalid.field("at", "must be within a year")


@action()
async def show(db: Repo, actor: Actor) -> Data[GlobalPreference]:
    """What holds wherever nothing nearer is set.

    Null: as it is by itself, that is every way on, and each place with the level of its kind.
    """
    return Data(await notifications.get_global_preference(db, actor))


@action()
async def replace(
    db: Repo, actor: Actor, new: Body[GlobalPreferenceChange]
) -> Data[GlobalPreference]:
    """Set what holds everywhere. What is left out is taken back."""
    return Data(await notifications.change_global_preference(db, actor, new.whole()))


@action()
async def update(
    db: Repo, actor: Actor, change: Body[GlobalPreferenceChange]
) -> Data[GlobalPreference]:
    """Change what holds everywhere. What is left out stays."""
    return Data(await notifications.change_global_preference(db, actor, change))


@action()
async def index(db: Repo, actor: Actor, query: Query[ListPlaces]) -> Many[Preference]:
    """Every place for which one has set something."""
    page = await notifications.list_preferences(db, actor, limit=query.limit, after=query.after)
    return many(page, lambda preference: preference)


@action(errors=ERRORS)
async def show_place(db: Repo, actor: Actor, scope: PlaceKind, scope_id: UUID) -> Data[Preference]:
    """What one has set for a place. Null: as the next wider scope has it."""
    return Data(await _place(scope).show(db, actor, scope_id))


@action(errors=ERRORS)
async def replace_place(
    db: Repo, actor: Actor, scope: PlaceKind, scope_id: UUID, new: Body[PreferenceChange]
) -> Data[Preference]:
    """Set what holds in a place. What is left out is taken back.

    The mute of a conversation is the same as that of its settings.
    """
    return Data(await _place(scope).change(db, actor, scope_id, new.whole()))


@action(errors=ERRORS)
async def update_place(
    db: Repo, actor: Actor, scope: PlaceKind, scope_id: UUID, change: Body[PreferenceChange]
) -> Data[Preference]:
    """Change what holds in a place. What is left out stays."""
    return Data(await _place(scope).change(db, actor, scope_id, change))


@action(status=204, errors=ERRORS)
async def remove_place(db: Repo, actor: Actor, scope: PlaceKind, scope_id: UUID) -> None:
    """Take back everything set for a place; where there is nothing, nothing happens."""
    await _place(scope).change(db, actor, scope_id, PreferenceChange().whole())


@action(errors=ERRORS)
async def resolve(db: Repo, actor: Actor, app: App, query: Query[WhatIf]) -> Data[Explained]:
    """How one would be told of something, and which rule and which scope decided it.

    As if it were unread, and no device in use.
    """
    places: Sequence[Scope] = ()
    if query.scope_id is not None:
        places = await _place(query.scope).scopes(app, db, actor, query.scope_id)
    at = query.at or clock.now()
    return Data(
        await notifications.explain(db, actor, query.kind, places, at, sender_id=query.sender_id)
    )

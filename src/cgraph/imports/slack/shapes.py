"""The JSON of an export, as far as it is read: unknown members are passed over, wrong types are found."""

from typing import Any

import msgspec

from cgraph.imports.records import ExternalId


class Profile(msgspec.Struct, frozen=True):
    """What a person calls themselves. Exports differ in which of the names they fill."""

    display_name: str | None = None
    real_name: str | None = None
    name: str | None = None
    email: str | None = None


class Member(msgspec.Struct, frozen=True):
    """An entry of users.json."""

    id: ExternalId
    name: str | None = None
    real_name: str | None = None
    team_id: str | None = None
    deleted: bool = False
    is_owner: bool = False
    is_primary_owner: bool = False
    is_bot: bool = False
    profile: Profile = Profile()


class Pinned(msgspec.Struct, frozen=True):
    """A pin of a channel; `id` is the message's ts, `created` in seconds since 1970."""

    id: ExternalId
    user: ExternalId | None = None
    owner: ExternalId | None = None
    created: int | None = None


class Described(msgspec.Struct, frozen=True):
    """A channel's topic."""

    value: str | None = None


class Place(msgspec.Struct, frozen=True):
    """An entry of channels.json, groups.json, dms.json or mpims.json; `created` in seconds since 1970."""

    id: ExternalId
    name: str | None = None
    created: int | None = None
    creator: ExternalId | None = None
    members: tuple[ExternalId, ...] | None = None
    is_archived: bool = False
    topic: Described = Described()
    pins: tuple[Pinned, ...] = ()


class Edited(msgspec.Struct, frozen=True):
    ts: str


class Reacted(msgspec.Struct, frozen=True):
    name: str
    users: tuple[ExternalId, ...] = ()
    count: int | None = None


class File(msgspec.Struct, frozen=True):
    name: str | None = None
    title: str | None = None
    url_private: str | None = None
    permalink: str | None = None


class Said(msgspec.Struct, frozen=True):
    """An entry of a day's file. `ts` is its time, to the microsecond, and its name within the channel."""

    ts: str
    type: str = "message"
    subtype: str | None = None
    user: ExternalId | None = None
    text: str | None = None
    thread_ts: str | None = None
    bot_id: ExternalId | None = None
    username: str | None = None
    user_profile: Profile | None = None
    bot_profile: Profile | None = None
    edited: Edited | None = None
    reactions: tuple[Reacted, ...] = ()
    files: tuple[File | None, ...] = ()
    attachments: tuple[dict[str, Any], ...] = ()
    blocks: tuple[dict[str, Any], ...] = ()

"""A thread: as it is asked for, and as a member sees it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from cgraph.messaging import is_blank
from cgraph_kit.db import columns
from cgraph_kit.errors import Invalid
from cgraph_kit.validation import NO_NUL, Input

FOLLOWERS_MAX = 1000
"""People who follow one thread."""
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=NO_NUL)]
AutoArchive = Literal[60, 1440, 4320, 10080]
SlowMode = Annotated[int, msgspec.Meta(ge=0, le=21_600)]


class NewThread(Input, frozen=True):
    """A thread to begin."""

    name: Name
    private: bool = False
    """Only for who is brought into it, and for who manages threads. Not with a message it begins at."""
    auto_archive: AutoArchive = 4320
    """Minutes without a word after which it is archived."""
    slow_mode: SlowMode = 0
    """Seconds a person waits between two messages; other than 0 only with MANAGE_THREADS."""


class ThreadChange(Input, frozen=True):
    """What shall be different; what is left out stays."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    archived: bool | msgspec.UnsetType = msgspec.UNSET
    locked: bool | msgspec.UnsetType = msgspec.UNSET
    """Only who manages threads speaks in it then, or opens it again."""
    auto_archive: AutoArchive | msgspec.UnsetType = msgspec.UNSET
    """Minutes without a word after which it is archived."""
    slow_mode: SlowMode | msgspec.UnsetType = msgspec.UNSET
    """Seconds a person waits between two messages."""


class ThreadFacts(msgspec.Struct, frozen=True):
    """A thread, alike for all who see it. Payload of `thread_created` and `thread_updated`."""

    id: UUID
    """Also that of its place for messages, and of its topic `thread:<id>`."""
    group_id: UUID
    channel_id: UUID
    name: str
    owner_id: UUID | None
    """Who began it; null: the account is gone."""
    private: bool
    message_id: UUID | None
    """The message of the channel it began at."""
    archived_at: datetime | None
    locked: bool
    slow_mode: int
    auto_archive: int
    inserted_at: datetime


class Thread(ThreadFacts, frozen=True):
    """A thread as a member sees it."""

    following: bool
    follower_count: int


class ThreadMember(msgspec.Struct, frozen=True):
    """Somebody who follows a thread."""

    id: UUID
    user_id: int
    username: str
    display_name: str | None
    avatar_url: str | None
    followed_at: datetime


FACTS = columns(ThreadFacts, "t")
"""Of `group_threads t`."""
THREAD = f"""
{FACTS}, EXISTS (SELECT FROM group_thread_members f WHERE f.thread_id = t.id AND f.user_id = $1),
    (SELECT count(*) FROM group_thread_members f WHERE f.thread_id = t.id)
"""
"""Columns of `Thread`, for the reader $1."""
FOLLOW = f"""
WITH there AS (
    SELECT FROM group_thread_members WHERE thread_id = $1 AND user_id = $2
), made AS (
    INSERT INTO group_thread_members (thread_id, user_id)
    SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM there)
        AND (SELECT count(*) FROM group_thread_members WHERE thread_id = $1) < {FOLLOWERS_MAX}
    ON CONFLICT DO NOTHING RETURNING true
)
SELECT true FROM made UNION ALL SELECT false FROM there
"""
"""Person $2 follows thread $1. False: they did already; no row: there is no room. Whoever asks holds the thread."""


def check_name(name: str) -> None:
    """Raise `Invalid` for a name that shows nothing."""
    if is_blank(name):
        raise Invalid.field("name", "can't be blank")

"""What the pushes of every channel carry, on one page: the document of the channels is made from it.

A push whose event says the type of its `payload` needs no line. Durable ones get their `seq` besides.
"""

from collections.abc import Mapping, Sequence
from typing import Any, get_type_hints
from uuid import UUID

import msgspec

from cgraph import forums, groups, messaging, notifications
from cgraph_kit.channels import Channel
from cgraph_kit.channels.channel import Push


class Typing(msgspec.Struct, frozen=True):
    """Somebody is about to say something."""

    user_id: UUID
    expires_in: float
    """Seconds after which they are not any more, unless it comes again."""


class ReadShown(msgspec.Struct, frozen=True):
    """How far somebody has read."""

    user_id: UUID
    read_seq: int


class DeliveredShown(msgspec.Struct, frozen=True):
    """How far one of somebody's devices has got."""

    user_id: UUID
    delivered_seq: int


class ReadMark(msgspec.Struct, frozen=True):
    """How far the person themselves has read, on any device."""

    conversation_id: UUID
    read_seq: int
    marked_unread: bool


class Meta(msgspec.Struct, frozen=True):
    """One device of somebody who is here."""

    phx_ref: str
    online_at: int
    """Seconds since 1970."""
    status: str
    phx_ref_prev: str | msgspec.UnsetType = msgspec.UNSET


class Presence(msgspec.Struct, frozen=True):
    """Somebody who is here, with one entry for each device."""

    metas: Sequence[Meta]


class PresenceDiff(msgspec.Struct, frozen=True):
    """Who came and who went, by user id."""

    joins: dict[str, Presence]
    leaves: dict[str, Presence]


class PresenceCount(msgspec.Struct, frozen=True):
    """How many are here, where not all of them are shown."""

    count: int


PRESENCE: Mapping[str, Any] = {
    "presence_state": dict[str, Presence],
    "presence_diff": PresenceDiff,
    "presence_count": PresenceCount,
}
"""What a channel is told that shows its presence."""

TALK: Mapping[str, Any] = {
    "new_message": messaging.MessagePayload,
    "message_edited": messaging.EditedPayload,
    "message_deleted": messaging.DeletedPayload,
    "message_unpinned": messaging.UnpinnedPayload,
    "previews_updated": messaging.PreviewsPayload,
    "reaction_added": messaging.ReactionPayload,
    "reaction_removed": messaging.ReactionPayload,
    "user_typing": Typing,
    **PRESENCE,
}
"""Wherever people talk."""
IN_CHANNELS: Mapping[str, Any] = {**TALK, "messages_deleted": messaging.AllDeletedPayload}
PUSHES: Mapping[str, Mapping[str, Any]] = {
    "conversation:*": {
        **TALK,
        "read_updated": ReadShown,
        "delivered_updated": DeliveredShown,
    },
    "channel:*": {
        **IN_CHANNELS,
        "thread_created": groups.ThreadFacts,
        "thread_updated": groups.ThreadFacts,
        "thread_deleted": groups.ThreadPayload,
    },
    "thread:*": {**IN_CHANNELS, "thread_updated": groups.ThreadFacts},
    "group:*": {
        "group_updated": groups.GroupFacts,
        "group_deleted": groups.GroupPayload,
        "role_created": groups.Role,
        "role_updated": groups.Role,
        "role_deleted": groups.RolePayload,
        "roles_reordered": groups.RolesPayload,
        "channels_updated": groups.ChannelsPayload,
        "member_joined": groups.MemberPayload,
        "member_updated": groups.MemberPayload,
        "member_left": groups.MemberLeftPayload,
        **PRESENCE,
    },
    "forum:*": {
        "forum_updated": forums.ForumPayload,
        "forum_deleted": forums.ForumDeletedPayload,
        "moderators_updated": forums.ModeratorsPayload,
        "new_post": forums.PostPayload,
        "post_updated": forums.PostPayload,
        "post_counted": forums.Counts,
    },
    "post:*": {
        "post_updated": forums.PostPayload,
        "new_comment": forums.CommentPayload,
        "comment_updated": forums.CommentPayload,
        "comments_moved": forums.CommentsMovedPayload,
        "post_counted": forums.Counts,
        "comment_counted": forums.CommentCounts,
        "readers": PresenceCount,
    },
    "user:*": {
        "group_joined": groups.GroupPayload,
        "group_left": groups.GroupPayload,
        "conversation_added": messaging.ConversationPayload,
        "conversation_removed": messaging.ConversationPayload,
        "conversation_settings_updated": messaging.Preferences,
        "read_marked": ReadMark,
        "scheduled_message_updated": messaging.ScheduledMessage,
        "scheduled_message_removed": messaging.ScheduledMessageGone,
        "notification_preferences_updated": notifications.Preference,
        "quiet_hours_updated": notifications.QuietHoursShown,
        "notification_created": notifications.InboxEntry,
        "notification_updated": notifications.InboxEntry,
        "notifications_read": notifications.InboxMarked,
        "notifications_seen": notifications.InboxMarked,
        "notifications_removed": notifications.InboxMarked,
        "thread_followed": groups.ThreadPayload,
        "thread_unfollowed": groups.ThreadPayload,
        "unread": messaging.UnreadOf,
    },
}
"""By topic and event."""


def events_of(channel: type[Channel]) -> list[str]:
    """Everything a channel may push, as far as it is known."""
    return list(dict.fromkeys([push.event for push in channel.pushes] + [*_lines(channel)]))


def payload_of(channel: type[Channel], event: str) -> Any:
    """The type of what a push carries; None if nobody says it."""
    if (named := _lines(channel).get(event)) is not None:
        return named
    return next((kind for push in _pushes(channel, event) if (kind := _told(push))), None)


def is_durable(channel: type[Channel], event: str) -> bool:
    """Whether a push has a number and comes again after an interruption."""
    return any("seq" in get_type_hints(push.when) for push in _pushes(channel, event))


def _pushes(channel: type[Channel], event: str) -> list[Push]:
    return [push for push in channel.pushes if push.event == event]


def _told(push: Push) -> Any:
    kind = get_type_hints(push.when).get("payload")
    return kind if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else None


def _lines(channel: type[Channel]) -> Mapping[str, Any]:
    return PUSHES.get(channel.topic, {})

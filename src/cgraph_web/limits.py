"""How much anyone may ask: the scope of every route and of every channel event, on one page.

What a scope allows is the setting `rate_limit_<scope>`. All operations of one scope share what it allows, and a message
counts once whichever way it comes. Persons are counted wherever they call from, callers without a token by address.
"""

from collections.abc import Mapping
from enum import StrEnum

from .action import Route


class Scope(StrEnum):
    """What is counted together."""

    API = "api"
    MESSAGE = "message"
    MARK = "mark"
    SEARCH = "search"
    UPLOAD = "upload"
    REPORT = "report"
    PUSH_TEST = "push_test"
    INVITE = "invite"
    JOIN = "join"
    CONNECT = "connect"
    LOGIN = "login"
    REGISTER = "register"
    RESET = "reset"
    REFRESH = "refresh"


API, MESSAGE, MARK, JOIN = Scope.API, Scope.MESSAGE, Scope.MARK, Scope.JOIN
FREE = None

BY_ACCOUNTS = frozenset({Scope.LOGIN, Scope.REGISTER, Scope.RESET})
"""Counted where it is known what an attempt led to, per address and per account; here it is only shown."""

ROUTES: Mapping[str, Scope | None] = {
    "health.live": FREE,  # asked by machines that restart what does not answer
    "health.ready": FREE,
    "metrics.scrape": FREE,
    "docs.root": API,
    "docs.openapi": API,
    "docs.asyncapi": API,
    "docs.page": API,
    "docs.channels": API,
    "docs.start": API,
    "docs.scalar": API,
    "password_reset.ask": API,
    "password_reset.send": Scope.RESET,
    "password_reset.choose": API,
    "password_reset.save": API,
    "unsubscribe.show": API,
    "unsubscribe.confirm": FREE,  # posted by mail services for all their people, and worth nothing without a token
    "mailbox.index": FREE,  # in development only
    "mailbox.show": FREE,
    "mailbox.html": FREE,
    "auth.register": Scope.REGISTER,
    "auth.login": Scope.LOGIN,
    "auth.refresh": Scope.REFRESH,
    "auth.logout": API,
    "auth.forgot_password": Scope.RESET,
    "auth.reset_password": API,
    "me.show": API,
    "me.update": API,
    "me.change_password": API,  # and guesses at the current one as LOGIN
    "me.deactivate": API,
    "sessions.index": API,
    "sessions.revoke_others": API,
    "sessions.rename": API,
    "sessions.revoke": API,
    "blocks.index": API,
    "blocks.create": API,
    "blocks.remove": API,
    "devices.index": API,
    "devices.create": API,
    "devices.remove": API,
    "devices.test": Scope.PUSH_TEST,
    "devices.vapid_key": API,
    "events.own": API,
    "events.conversation": API,
    "unread.index": API,
    "unread.show": API,
    "unread.mark": MARK,
    "unread.read": MARK,
    "unread.delivered": MARK,
    "notifications.index": API,
    "notifications.count": API,
    "notifications.read": MARK,
    "notifications.seen": MARK,
    "notifications.remove": API,
    "notification_outcomes.index": API,
    "notification_outcomes.of_user": API,
    "notification_preferences.show": API,
    "notification_preferences.replace": API,
    "notification_preferences.update": API,
    "notification_preferences.index": API,
    "notification_preferences.resolve": API,
    "notification_preferences.show_place": API,
    "notification_preferences.replace_place": API,
    "notification_preferences.update_place": API,
    "notification_preferences.remove_place": API,
    "quiet_hours.show": API,
    "quiet_hours.replace": API,
    "admin_jobs.index": API,
    "admin_jobs.show": API,
    "admin_jobs.cancel": API,
    "admin_jobs.retry": API,
    "admin_jobs.delete": API,
    "admin_jobs.queues": API,
    "admin_jobs.update_queue": API,
    "users.index": Scope.SEARCH,
    "users.show": API,
    "groups.index": API,
    "groups.create": Scope.INVITE,
    "groups.show": API,
    "groups.update": API,
    "groups.delete": API,  # and guesses at the password as LOGIN
    "groups.transfer": API,
    "groups.leave": API,
    "group_members.index": API,
    "group_members.search": Scope.SEARCH,
    "group_members.show": API,
    "group_members.update": API,
    "group_members.kick": API,
    "group_members.add_role": API,
    "group_members.remove_role": API,
    "group_members.count_prunable": API,
    "group_members.prune": API,
    "group_members.set_rules": API,
    "group_members.accept_rules": API,
    "group_bans.index": API,
    "group_bans.show": API,
    "group_bans.create": API,
    "group_bans.create_many": API,
    "group_bans.remove": API,
    "invites.index": API,
    "invites.create": Scope.INVITE,
    "invites.show": API,
    "invites.accept": JOIN,
    "invites.revoke": API,
    "audit_log.index": API,
    "group_channels.index": API,
    "group_channels.create": API,
    "group_channels.order": API,
    "group_channels.show": API,
    "group_channels.update": API,
    "group_channels.delete": API,
    "group_channels.overwrites": API,
    "group_channels.set_overwrite": API,
    "group_channels.remove_overwrite": API,
    "group_channels.sync": API,
    "group_roles.index": API,
    "group_roles.create": API,
    "group_roles.update": API,
    "group_roles.delete": API,
    "group_roles.order": API,
    "conversations.index": API,
    "conversations.create": Scope.INVITE,
    "conversations.show": API,
    "conversations.update": API,
    "conversations.leave": API,
    "conversations.configure": API,
    "participants.index": API,
    "participants.add": Scope.INVITE,
    "participants.remove": API,
    "messages.index": API,
    "messages.create": MESSAGE,
    "messages.show": API,
    "messages.update": API,
    "messages.remove": API,
    "messages.edits": API,
    "messages.react": API,
    "messages.unreact": API,
    "channel_messages.index": API,
    "channel_messages.create": MESSAGE,
    "channel_messages.remove_many": API,
    "channel_messages.show": API,
    "channel_messages.update": API,
    "channel_messages.remove": API,
    "channel_messages.edits": API,
    "channel_messages.react": API,
    "channel_messages.unreact": API,
    "channel_messages.events": API,
    "channel_pins.index": API,
    "channel_pins.pin": API,
    "channel_pins.unpin": API,
    "channel_unread.of_group": API,
    "channel_unread.read_group": MARK,
    "channel_unread.show": API,
    "channel_unread.read": MARK,
    "channel_unread.mark": MARK,
    "channel_unread.delivered": MARK,
    "threads.index": API,
    "threads.create": MESSAGE,
    "threads.create_at": MESSAGE,
    "threads.show": API,
    "threads.update": API,
    "threads.remove": API,
    "threads.members": API,
    "threads.follow": API,
    "threads.unfollow": API,
    "threads.add_member": Scope.INVITE,
    "threads.remove_member": API,
    "scheduled_messages.index": API,
    "scheduled_messages.create": MESSAGE,  # counted now, and not again when its time comes
    "scheduled_messages.show": API,
    "scheduled_messages.update": API,
    "scheduled_messages.cancel": API,
    "scheduled_messages.send": API,
    "pins.index": API,
    "pins.pin": API,
    "pins.unpin": API,
    "forums.create": Scope.INVITE,
    "forums.show": API,
    "forums.update": API,
    "posts.create": MESSAGE,
    "posts.show": API,
    "forums.index": API,
    "forums.children": API,
    "forums.delete": API,
    "forums.transfer": API,
    "forum_people.moderators": API,
    "forum_people.order_moderators": API,
    "forum_people.add_moderator": API,
    "forum_people.remove_moderator": API,
    "forum_people.subscribe": API,
    "forum_people.unsubscribe": API,
    "forum_people.subscribers": API,
    "forum_people.accept_subscriber": API,
    "forum_people.remove_subscriber": API,
    "posts.index": API,
    "posts.of_forum": API,
    "posts.update": API,
    "posts.remove": API,
    "posts.revisions": API,
    "posts.revision": API,
    "posts.crossposts": API,
    "posts.vote_in_poll": API,
    "post_marks.save": API,
    "post_marks.unsave": API,
    "post_marks.hide": API,
    "post_marks.unhide": API,
    "post_marks.follow": API,
    "post_marks.unfollow": API,
    "post_marks.saved": API,
    "post_marks.hidden": API,
    "post_marks.muted_words": API,
    "post_marks.set_muted_words": API,
    "drafts.index": API,
    "drafts.show": API,
    "drafts.save": API,
    "drafts.remove": API,
    "post_marks.read": MARK,
    "comments.index": API,
    "comments.create": MESSAGE,
    "comments.show": API,
    "comments.update": API,
    "comments.remove": API,
    "comments.revisions": API,
    "votes.for_post": MARK,
    "votes.for_comment": MARK,
    "votes.of_post": API,
    "votes.of_comment": API,
    "votes.karma": API,
    "reports.create": Scope.REPORT,
    "forum_moderation.bans": API,
    "forum_moderation.ban": API,
    "forum_moderation.unban": API,
    "forum_moderation.log": API,
    "forum_moderation.undo": API,
    "forum_moderation.remove_post": API,
    "forum_moderation.restore_post": API,
    "forum_moderation.lock_post": API,
    "forum_moderation.unlock_post": API,
    "forum_moderation.archive_post": API,
    "forum_moderation.unarchive_post": API,
    "forum_moderation.pin_post": API,
    "forum_moderation.unpin_post": API,
    "forum_moderation.distinguish_post": API,
    "forum_moderation.undistinguish_post": API,
    "forum_moderation.remove_comment": API,
    "forum_moderation.restore_comment": API,
    "forum_moderation.lock_comment": API,
    "forum_moderation.unlock_comment": API,
    "forum_moderation.distinguish_comment": API,
    "forum_moderation.undistinguish_comment": API,
    "reports.index": API,
    "moderation_queue.index": API,
    "moderation_queue.show": API,
    "moderation_queue.claim": API,
    "moderation_queue.release": API,
    "moderation_queue.resolve": API,
    "moderation_queue.undo": API,
    "moderation_queue.notices": API,
}
"""By operation id."""

PHX_JOIN = "phx_join"

TALKING: Mapping[str, Scope | None] = {
    PHX_JOIN: JOIN,
    "new_message": MESSAGE,
    "edit_message": API,
    "delete_message": API,
    "react": API,
    "unreact": API,
    "read": MARK,
    "delivered": MARK,
    "typing": FREE,  # dropped without a word above its own pace (`typing_seconds`)
}
EVENTS: Mapping[str, Mapping[str, Scope | None]] = {
    "conversation:*": TALKING,
    "channel:*": TALKING,
    "thread:*": TALKING,
    "group:*": {PHX_JOIN: JOIN, "presence_range": MARK},
    "user:*": {PHX_JOIN: JOIN},
}
"""By topic, what clients may say there."""


def scope_of(route: Route) -> Scope | None:
    """What a request for this route is counted as; a route that has no line above is no freer for that."""
    return ROUTES.get(route.action.name, API)


def scope_of_event(topic: str, event: str) -> Scope | None:
    """What a client's event, or its join, is counted as."""
    return EVENTS.get(topic, {}).get(event, API)
